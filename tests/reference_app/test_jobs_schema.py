"""The tables of the jobs are those of the library, as it is installed; what it adds later is noticed here."""

from __future__ import annotations

from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager

from reference_app import migration
from reference_app.migrations.versions import v0007_jobs

DESCRIBED = """
    SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, column_default, is_nullable)
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name LIKE 'procrastinate%'
    UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'procrastinate%'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'procrastinate%'
    UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE tgrelid::regclass::text LIKE 'procrastinate%'
                     AND NOT tgisinternal
    UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
              WHERE conrelid::regclass::text LIKE 'procrastinate%'
    UNION ALL SELECT format('%s %s', enumtypid::regtype, enumlabel) FROM pg_enum"""


def described(database_url: str) -> set[str]:
    with psycopg.connect(database_url) as connection:
        return {row[0] for row in connection.execute(DESCRIBED)}


def test_our_step_makes_the_schema_of_the_library_without_the_notification_of_each_job(empty_database, postgres):
    with psycopg.connect(empty_database) as connection:
        connection.execute(SchemaManager.get_schema())
        connection.execute(v0007_jobs.QUIET.encode())
    theirs = described(empty_database)
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE ours_of_the_jobs")
    try:
        migration.upgrade(postgres.dsn("ours_of_the_jobs"), "0007")
        ours = described(postgres.dsn("ours_of_the_jobs"))
    finally:
        with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE ours_of_the_jobs WITH (FORCE)")
    assert ours == theirs
    assert any("procrastinate_fetch_job_v2" in thing for thing in ours)


def test_every_step_that_the_installed_library_ships_is_in_our_chain():
    newest = max(step.name for step in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    assert newest == v0007_jobs.NEWEST, "add a step of ours that applies the new ones (docs/decisions/0190)"


def test_the_step_goes_back_and_leaves_nothing(empty_database):
    migration.upgrade(empty_database, "0006")
    before = described(empty_database)
    migration.upgrade(empty_database, "0007")
    migration.downgrade(empty_database, "0006")
    assert described(empty_database) == before
