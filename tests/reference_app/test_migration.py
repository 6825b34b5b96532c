"""The schema goes up and down, also from two replicas at once, and what fails says so in one line."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys

import psycopg
import pytest

from reference_app import migration, migrations
from reference_app.dossiers.operations import broken_chains, link

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
    ],
)
def test_the_database_itself_refuses_an_impossible_dossier(empty_database, statement):
    migration.upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute(
            """WITH a AS (INSERT INTO account (provider, subject) VALUES ('citizen', 's') RETURNING id)
               INSERT INTO dossier (account_id, procedure) SELECT id, 'emergency-aid' FROM a"""
        )
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(statement)


def broken(database_url: str) -> list[str]:
    async def look() -> list[str]:
        async with await psycopg.AsyncConnection.connect(database_url) as connection:
            return [problem async for _, problem in broken_chains(connection)]

    return asyncio.run(look())


def test_what_was_filed_before_forms_were_data_is_kept_and_its_log_still_adds_up(empty_database):
    migration.upgrade(empty_database, "0003")
    said = ["73282932000074", "Boulangerie", "a@example.fr", "Inondation", 5000, None, "AUE-2026-00000001", None]
    content = hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
    with psycopg.connect(empty_database, autocommit=True) as connection:
        (dossier,) = connection.execute(
            """WITH a AS (INSERT INTO account (provider, subject) VALUES ('citizen', 's') RETURNING id)
               INSERT INTO dossier (account_id, siret, company_name, contact_email, need, amount) SELECT id, %s, %s, %s,
               %s, %s FROM a RETURNING id""",
            said[:5],
        ).fetchone()
        payload = json.dumps({"dossier": str(dossier), "state": "en_construction", "content": content})
        connection.execute(
            "INSERT INTO operation (dossier_id, rank, payload, digest) VALUES (%s, 1, %s, %s)",
            (dossier, payload, link(None, payload)),
        )
        connection.execute(
            """UPDATE dossier SET state = 'en_construction', operations = 1, head = %s, receipt_number = %s,
               filed_at = now(), silence_on = '2027-01-23'""",
            (link(None, payload), said[6]),
        )
    migration.upgrade(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        kept = connection.execute("SELECT procedure, answers FROM dossier").fetchone()
        assert kept == (
            "emergency-aid",
            {"siret": said[0], "company_name": said[1], "contact_email": said[2], "need": said[3], "amount": said[4]},
        )
        assert broken(empty_database) == []
        connection.execute("""UPDATE dossier SET answers = answers || '{"amount": 50000}'""")
        assert broken(empty_database) == ["the dossier differs from its last operation"]
        connection.execute("""UPDATE dossier SET answers = answers || '{"amount": 5000}'""")
    migration.downgrade(empty_database, "0003")
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT siret, amount, iban FROM dossier").fetchone() == (said[0], 5000, None)
