"""Invented dossiers in great number are dossiers like any other."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import psycopg
import pytest

from reference_app import embedded, migration
from reference_app.__main__ import main
from reference_app.database import connect
from reference_app.dossiers.operations import broken_chains
from reference_app.errors import ReferenceAppError
from reference_app.seeding import seed


@pytest.fixture(scope="module")
def server():
    with embedded.running() as running:
        migration.upgrade(running.dsn())
        yield running


def test_as_many_as_asked_for_and_their_logs_hold(server):
    asyncio.run(_seed_and_check(server.dsn()))
    with psycopg.connect(server.dsn()) as reading:
        states = dict(reading.execute("SELECT state, count(*) FROM dossier GROUP BY state").fetchall())
        assert states == {"accepte": 900, "en_construction": 100}
        assert reading.execute("SELECT count(DISTINCT account_id) FROM dossier").fetchone() == (1000,)


async def _seed_and_check(dsn: str) -> None:
    async with connect(dsn) as connection:
        assert await seed(connection, 300) == 300
        assert await seed(connection, 1000) == 700
        assert await seed(connection, 1000) == 0
        assert [problem async for problem in broken_chains(connection)] == []
        await connection.execute("UPDATE dossier SET motivation = 'other' WHERE receipt_number = 'FICTIF-7'")
        assert len([problem async for problem in broken_chains(connection)]) == 1  # the control


def test_the_database_of_a_service_is_found_by_the_port_of_the_service(server, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    embedded.answers_for(server, 54_321)
    command = [sys.executable, "-m", "reference_app", "seed", "--dossiers", "1100", "--port", "54321"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "100 added\n"), done.stderr
    with pytest.raises(ReferenceAppError, match="54322"):
        embedded.answering_for(54_322)


def test_without_port_and_address_there_is_nothing_to_fill(monkeypatch, capsys):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main(["seed", "--dossiers", "5"]) == 2
    assert "DATABASE_URL" in capsys.readouterr().err
