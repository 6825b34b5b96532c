"""One worker of two is killed while twenty people file: they send again, and everybody has filed once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import psutil
import psycopg
import pytest

from reference_app.database import connect
from reference_app.dossiers.operations import broken_chains
from reference_app.listening import listen, port_of

PEOPLE = 20
LIMIT_S = 60.0
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"


@dataclass(frozen=True)
class Service:
    """A supervisor of two workers, at ``url``."""

    process: psutil.Process
    url: str

    def workers(self) -> list[psutil.Process]:
        """Those alive, the one with the most connections first."""
        children = [one for one in self.process.children() if one.status() != psutil.STATUS_ZOMBIE]
        return sorted(children, key=lambda one: -len(one.net_connections("tcp")))


@contextmanager
def two_workers(stage: Any, database_url: str) -> Iterator[Service]:
    """``serve --workers 2`` on the database of ``stage``, where its sessions are worth the same."""
    with listen("127.0.0.1", 0) as taken:
        port = port_of(taken)
    settings = stage.app.state.parts.settings
    values = {
        "PUBLIC_URL": stage.url,
        "SESSION_SECRET": settings.session_secret.get_secret_value(),
        "CITIZEN_ISSUER": settings.citizen_issuer,
        "CITIZEN_CLIENT_ID": "reference",
        "CITIZEN_CLIENT_SECRET": "a secret of the test",
        "AGENT_ISSUER": settings.agent_issuer,
        "AGENT_CLIENT_ID": "reference",
        "AGENT_CLIENT_SECRET": "a secret of the test",
        "AGENT_SIRETS": "13002526500013",
        "UNLIMITED_NETWORKS": "127.0.0.1/32",
        "POOL_SIZE": PEOPLE,
    }
    environment = {f"PORTANCE_REFERENCE_{name}": str(value) for name, value in values.items()}
    command = [sys.executable, "-m", "reference_app", "serve", "--workers", "2", "--port", str(port)]
    supervisor = subprocess.Popen(command, env={**os.environ, **environment, "DATABASE_URL": database_url})
    service = Service(psutil.Process(supervisor.pid), f"http://127.0.0.1:{port}")
    try:
        until(lambda: len(service.workers()) == 2 and ready(service.url))
        yield service
    finally:
        supervisor.terminate()
        supervisor.wait(LIMIT_S)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@dataclass(frozen=True)
class Filing:
    """What one person got for one dossier: the answer at last, that to the same key once more, how often it broke."""

    dossier: str
    receipt: str
    again: str
    broken: int


def filed(url: str, client: httpx.Client, dossier: str) -> Filing:
    """File with one key until there is an answer, as a program does whose connection breaks; then ask once more."""
    key, broken, deadline = {"Idempotency-Key": str(uuid4())}, 0, time.monotonic() + LIMIT_S
    with httpx.Client(base_url=url, cookies=client.cookies, timeout=20) as person:
        address = f"/api/v1/dossiers/{dossier}/file"
        while True:
            assert time.monotonic() < deadline
            try:
                answer = person.post(address, headers=key)
            except httpx.TransportError:
                broken += 1
                continue
            if answer.status_code == 200:
                break
            assert answer.status_code == 503, answer.text  # it waited for longer than it may
        again = person.post(address, headers=key)
        assert again.headers["Idempotency-Replayed"] == "true"
    return Filing(dossier, answer.json()["receipt"]["number"], again.json()["receipt"]["number"], broken)


Kept = Mapping[str, tuple[str | None, int]]
"""Of each dossier the receipt in the database, and how many times its log says that it was filed."""


def kept(connection: psycopg.Connection, dossiers: Sequence[str]) -> Kept:
    query = """
        SELECT d.id::text, d.receipt_number,
               count(*) FILTER (WHERE o.payload::json->>'state' = 'en_construction')
        FROM dossier d LEFT JOIN operation o ON o.dossier_id = d.id WHERE d.id = ANY(%s::uuid[]) GROUP BY d.id"""
    return {row[0]: (row[1], row[2]) for row in connection.execute(query, [list(dossiers)])}


def troubles(filings: Sequence[Filing], found: Kept) -> list[str]:
    """What is not as it was said to those who filed: lost, twice, half, or another receipt for the same key."""
    wrong = [f"{one.dossier}: {one}" for one in filings if one.receipt != one.again]
    wrong += [
        f"{one.dossier}: {found.get(one.dossier)}" for one in filings if found.get(one.dossier) != (one.receipt, 1)
    ]
    if len({one.receipt for one in filings}) != len(filings):
        wrong.append("one receipt for two dossiers")
    return wrong


def test_a_killed_worker_loses_no_filing_makes_none_twice_and_is_replaced(stage, database_url, draft, key):
    people = [stage.signed_in("business") for _ in range(PEOPLE)]
    made = [one.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()) for one in people]
    dossiers = [answer.raise_for_status().json()["id"] for answer in made]
    with two_workers(stage, database_url) as service, psycopg.connect(database_url) as holder:
        holder.execute("SELECT 1 FROM dossier WHERE id = ANY(%s::uuid[]) FOR UPDATE", [dossiers])
        with ThreadPoolExecutor(PEOPLE) as threads:
            filings = [threads.submit(filed, service.url, *one) for one in zip(people, dossiers, strict=True)]
            until(lambda: any(one.done() for one in filings) or waiting(database_url, holder) >= PEOPLE // 2)
            killed = service.workers()[0]
            killed.kill()
            holder.rollback()  # both those who still live and what the dead one left in the database go on
            done = [one.result() for one in filings]
        assert sum(one.broken for one in done) > 0, "nobody was in the middle of anything"
        assert troubles(done, kept(holder, dossiers)) == []
        until(lambda: len(service.workers()) == 2 and killed.pid not in {one.pid for one in service.workers()})
        assert ready(service.url)
    assert [one for one in asyncio.run(broken(database_url)) if one in dossiers] == []


def waiting(database_url: str, holder: psycopg.Connection) -> int:
    """How many statements wait for ``holder``; asked elsewhere, since a transaction sees who was there at first."""
    with psycopg.connect(database_url) as connection:
        (found,) = connection.execute(WAITING, [holder.info.backend_pid]).fetchone()
        return int(found)


async def broken(database_url: str) -> list[str]:
    async with connect(database_url) as connection:
        return [str(identifier) async for identifier, _ in broken_chains(connection)]


@pytest.mark.parametrize(
    "found",
    [{}, {"a": (None, 0)}, {"a": ("R1", 2)}, {"a": ("R2", 1)}],
    ids=["lost", "half", "twice", "another receipt"],
)
def test_the_checker_catches_what_a_kill_could_do(found):
    """The control."""
    assert troubles([Filing("a", "R1", "R1", 1)], found) != []
    assert troubles([Filing("a", "R1", "R1", 1)], {"a": ("R1", 1)}) == []
    assert troubles([Filing("a", "R1", "R9", 1)], {"a": ("R1", 1)}) != []
