"""The schema goes up and down, also from two replicas at once, and what fails says so in one line."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest

from reference_app import migration, migrations

OBJECTS = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'alembic%'"


def objects(database_url: str) -> set[str]:
    with psycopg.connect(database_url) as connection:
        return {row[0] for row in connection.execute(OBJECTS)}


def test_up_then_down_leaves_nothing_and_up_again_makes_the_same(empty_database):
    migration.upgrade(empty_database)
    made = objects(empty_database)
    assert "dossier" in made
    migration.downgrade(empty_database, "base")
    assert objects(empty_database) == set()
    migration.upgrade(empty_database)
    assert objects(empty_database) == made


def test_the_newest_step_is_the_one_the_migration_tool_finds(empty_database):
    migration.upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(migrations.head(),)]


def test_replicas_that_start_together_migrate_once(empty_database):
    command = [sys.executable, "-m", "reference_app", "migrate"]
    environment = os.environ | {"DATABASE_URL": empty_database}
    replicas = [subprocess.Popen(command, env=environment) for _ in range(3)]
    assert [replica.wait(60) for replica in replicas] == [0, 0, 0]
    assert "dossier" in objects(empty_database)


@pytest.mark.parametrize("url", ["postgresql:///x?host=/nonexistent", "postgresql://127.0.0.1:9/x"])
def test_a_database_that_is_away_is_said_in_one_line(url):
    with pytest.raises(migration.MigrationError) as caught:
        migration.upgrade(url)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dossier SET state = 'en_construction'",
        "UPDATE dossier SET state = 'autre'",
        "UPDATE dossier SET amount = 0",
    ],
)
def test_the_database_itself_refuses_an_impossible_dossier(empty_database, statement):
    migration.upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute(
            """WITH a AS (INSERT INTO account (provider, subject) VALUES ('citizen', 's') RETURNING id)
               INSERT INTO dossier (account_id) SELECT id FROM a"""
        )
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(statement)
