"""The operation log adds up, and every way of changing it is caught."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import NamedTuple

import psycopg
import pytest

from reference_app.dossiers.operations import broken_chains


class Decided(NamedTuple):
    database_url: str
    dossier: str


@pytest.fixture(scope="module")
def decided(stage, database_url):
    """A dossier with three operations."""
    business, agent = stage.signed_in("business"), stage.signed_in("agent")
    dossier = stage.filed(business)["id"]
    while agent.post("/api/v1/agent/dossiers/claim-next").raise_for_status().json()["id"] != dossier:
        pass  # those that other tests left in the queue
    decision = {"decision": "refuse", "motivation": "Hors délai."}
    agent.post(f"/api/v1/agent/dossiers/{dossier}/decision", json=decision).raise_for_status()
    return Decided(database_url, dossier)


def broken_after(decided: Decided, tampering: str) -> dict[str, str]:
    """What the check finds after ``tampering``, which is rolled back."""

    async def look() -> dict[str, str]:
        async with await psycopg.AsyncConnection.connect(decided.database_url) as connection:
            done = await connection.execute(tampering, {"id": decided.dossier})
            assert done.rowcount == 1, "the tampering must hit its row"
            found = {str(dossier): problem async for dossier, problem in broken_chains(connection)}
            await connection.rollback()
            return found

    return asyncio.run(look())


def test_an_untouched_log_adds_up(decided):
    assert broken_after(decided, "UPDATE dossier SET updated_at = updated_at WHERE id = %(id)s") == {}


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE operation SET payload = replace(payload, 'refuse', 'accepte') WHERE dossier_id = %(id)s AND rank = 3",
        "UPDATE operation SET digest = sha256('x') WHERE dossier_id = %(id)s AND rank = 2",
        "DELETE FROM operation WHERE dossier_id = %(id)s AND rank = 3",
        "DELETE FROM operation WHERE dossier_id = %(id)s AND rank = 1",
        "UPDATE dossier SET state = 'accepte' WHERE id = %(id)s",
        "UPDATE dossier SET motivation = 'Bienvenue.' WHERE id = %(id)s",
        """UPDATE dossier SET answers = answers || '{"amount": 50000}' WHERE id = %(id)s""",
        "UPDATE dossier SET state = 'brouillon' WHERE id = %(id)s",
        """WITH cut AS (DELETE FROM operation WHERE dossier_id = %(id)s AND rank = 3)
           UPDATE dossier SET operations = 2,
                  head = (SELECT digest FROM operation WHERE dossier_id = %(id)s AND rank = 2)
           WHERE id = %(id)s""",
        """INSERT INTO operation SELECT dossier_id, 4, payload, digest FROM operation
           WHERE dossier_id = %(id)s AND rank = 3""",
    ],
)
def test_a_tampered_row_is_caught(decided, tampering):
    assert list(broken_after(decided, tampering)) == [decided.dossier]


def test_the_command_says_whether_the_log_adds_up(decided):
    done = subprocess.run(
        [sys.executable, "-m", "reference_app", "verify"],
        env=os.environ | {"DATABASE_URL": decided.database_url},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0 broken\n", "")
