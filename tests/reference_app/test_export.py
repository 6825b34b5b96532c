"""Exports: every dossier of the agent's groups once, whatever their number; for their author alone, for a day."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import time
import tracemalloc
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import psycopg
import pytest

from reference_app import migration
from reference_app.database import connect
from reference_app.instruction import exports, limits
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage as stage_job
from reference_app.parts import make_parts
from reference_app.seeding import seed
from reference_app.storage import PART_BYTES


@pytest.fixture(scope="module")
def storing(staged, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    with staged(storage=f"file://{folder}") as running:
        running.folder = folder
        yield running


@pytest.fixture(scope="module")
def agent(storing):
    return storing.signed_in("agent")


@pytest.fixture(scope="module")
def business(storing):
    return storing.signed_in("business")


def asked(agent, key, **wanted):
    answer = agent.post("/api/v1/agent/exports", json=wanted, headers=key())
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def test_a_spreadsheet_gets_every_dossier_once_and_no_formula(storing, agent, business, key, work):
    filed = {storing.filed(business, company_name=name)["id"] for name in ("=1+1", "Boulangerie; « du Port »\n2")}
    export = asked(agent, key, format="csv")
    waiting = agent.get(f"/api/v1/agent/exports/{export}").json()
    assert waiting["done_at"] is None
    assert agent.get(f"/api/v1/agent/exports/{export}/file").status_code == 404
    asyncio.run(work(storing))
    done = agent.get(f"/api/v1/agent/exports/{export}").json()
    assert done["done_at"] is not None
    answer = agent.get(f"/api/v1/agent/exports/{export}/file")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert len(rows) == done["written"] >= len(filed)
    assert len({row["Receipt"] for row in rows}) == len(rows)
    names = {row["Name of the business"] for row in rows}
    assert "'=1+1" in names
    assert "=1+1" not in names
    assert any(name.startswith("Boulangerie; « du Port »") for name in names)


def test_a_program_gets_lines_of_one_state(storing, agent, business, key, work):
    storing.filed(business)
    export = asked(agent, key, format="jsonl", state="en_construction")
    asyncio.run(work(storing))
    lines = agent.get(f"/api/v1/agent/exports/{export}/file").text.splitlines()
    assert lines
    assert {json.loads(line)["state"] for line in lines} == {"en_construction"}


def test_an_export_is_its_authors_alone_and_of_a_day(storing, agent, key, work, database_url):
    export = asked(agent, key)
    asyncio.run(work(storing))
    other = storing.signed_in("agent")
    for path in (f"/api/v1/agent/exports/{export}", f"/api/v1/agent/exports/{export}/file"):
        assert other.get(path).status_code == 404
    assert agent.get(f"/agent/exports/{export}/file").status_code == 200
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE export SET done_at = done_at - interval '25 hours' WHERE id = %s", [export])
    assert agent.get(f"/api/v1/agent/exports/{export}/file").status_code == 404
    assert "its day is over" in agent.get("/agent/exports").text


def test_files_whose_day_is_over_are_deleted_and_others_kept(storing, agent, key, work):
    old, new = asked(agent, key), asked(agent, key)
    asyncio.run(work(storing))
    files = {name: storing.folder / "exports" / name for name in (old, new)}
    yesterday = time.time() - timedelta(days=1, minutes=1).total_seconds()
    os.utime(files[old], (yesterday, yesterday))
    asyncio.run(forget(storing))
    asyncio.run(work(storing))
    assert [path.exists() for path in files.values()] == [False, True]


async def forget(storing):
    async with connect(storing.app.state.parts.settings.database_url) as connection:
        await stage_job(connection, "instruction:forget_exports", {"timestamp": 0}, queue=Queue.HOURS)


def test_the_same_asked_again_is_one_and_a_fourth_waits(storing, key, work):
    agent, same = storing.signed_in("agent"), key()
    first = [agent.post("/api/v1/agent/exports", json={}, headers=same).json()["id"] for _ in range(2)]
    assert len(set(first)) == 1
    for _ in range(2):
        asked(agent, key)
    assert agent.post("/api/v1/agent/exports", json={}, headers=key()).status_code == 409
    asyncio.run(work(storing))
    asked(agent, key)
    asyncio.run(work(storing))


def test_fetching_may_take_longer_than_other_requests_and_nothing_else_may():
    path = f"/api/v1/agent/exports/{uuid4()}/file"
    longer = limits.allowance({"method": "GET", "path": path})
    assert longer is not None
    assert longer.seconds >= 3600
    for method, other in (("POST", path), ("GET", path.removesuffix("/file")), ("GET", f"{path}/x")):
        assert limits.allowance({"method": method, "path": other}) is None


def test_without_a_storage_it_is_said(staged, key):
    with staged(storage=None) as bare:
        agent = bare.signed_in("agent")
        assert agent.post("/api/v1/agent/exports", json={}, headers=key()).status_code == 503


MANY = 8_000
HELD = PART_BYTES + 3_000_000
"""A part on its way to the storage, and some hundred rows; all rows together take more."""


def test_what_grows_is_the_file_and_not_the_memory(storing, empty_database, tmp_path, monkeypatch):
    migration.upgrade(empty_database)
    settings = storing.app.state.parts.settings.model_copy(
        update={"database_url": empty_database, "storage": tmp_path.as_uri()}
    )
    exported = asyncio.run(written(settings))
    assert exported.rows == MANY
    assert exported.peak < HELD
    monkeypatch.setattr(exports, "AT_ONCE", MANY)  # the control: all rows at once
    assert asyncio.run(written(settings)).peak > HELD


async def written(settings):
    parts = make_parts(settings)
    await parts.pool.open()
    try:
        async with parts.pool.connection() as connection:
            async with connect(settings.database_url) as seeding:
                await seed(seeding, MANY)
            cursor = await connection.execute("SELECT id FROM account WHERE provider = 'agent' AND subject = 'seed'")
            (agent,) = await cursor.fetchone()
            (identifier,) = await (await connection.execute("SELECT gen_random_uuid()")).fetchone()
            await exports.ask(connection, agent, identifier, exports.Wanted(), "fr", datetime.now(UTC))
        tracemalloc.start()
        try:
            await exports.write(parts, parts.store, identifier)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        async with parts.pool.connection() as connection:
            export = await exports.read(connection, agent, identifier)
        kept = Path(unquote(urlsplit(settings.storage).path)) / exports.key_of(identifier)
        assert export.bytes == kept.stat().st_size
        return Grown(export.written, export.bytes, peak)
    finally:
        await parts.pool.close()


@dataclass(frozen=True)
class Grown:
    rows: int
    bytes: int
    peak: int
