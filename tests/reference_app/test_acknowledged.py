"""What was acknowledged is kept, once: PostgreSQL killed in mid-filing, clients that hang up and send again.

Each checker runs on the service and on a control with a known defect, which it must catch.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import psutil
import psycopg
import pytest

from reference_app import embedded, migration
from reference_app.database import connect
from reference_app.dossiers import repository

CLIENTS, FILINGS = 4, 40
DRAFTS = "/api/v1/procedures/emergency-aid/dossiers"


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder that PostgreSQL reaches too when the tests run as root, and it as another user."""
    with TemporaryDirectory() as made:
        Path(made).chmod(0o733)
        yield Path(made) / "data"


def kill(server: embedded.Server) -> None:
    """End PostgreSQL as a crash does: the whole family at once, so that nobody writes what was not written."""
    parent = psutil.Process(server.process.pid)
    family = [parent, *parent.children(recursive=True)]
    for signalled in (psutil.Process.suspend, psutil.Process.kill):
        for process in family:
            with suppress(psutil.NoSuchProcess):  # a backend may end in the meantime
                signalled(process)
    server.process.wait(30)


def filed_until_the_crash(stage: Any, server: embedded.Server, draft: dict[str, Any]) -> dict[str, str]:
    """File from several clients; kill PostgreSQL in the middle. Returns the receipts that were given, by dossier."""
    clients = [stage.signed_in("business") for _ in range(CLIENTS)]
    receipts: dict[str, str] = {}
    crash = threading.Lock()

    def file(client: httpx.Client) -> None:
        for _ in range(FILINGS):
            kept = client.post(DRAFTS, json=draft, headers={"Idempotency-Key": str(uuid4())})
            if kept.status_code != 201:
                return
            dossier = kept.json()["id"]
            done = client.post(f"/api/v1/dossiers/{dossier}/file", headers={"Idempotency-Key": str(uuid4())})
            if done.status_code == 200:
                receipts[dossier] = done.json()["receipt"]["number"]
            if len(receipts) >= FILINGS and crash.acquire(blocking=False):
                kill(server)  # while the others are in the middle of something

    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(file, clients))
    assert len(receipts) >= FILINGS
    return receipts


def lost(dsn: str, receipts: dict[str, str]) -> list[str]:
    """The dossiers whose receipt was given and which the database does not hold as filed, with that receipt."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT id::text, receipt_number FROM dossier WHERE state <> 'brouillon'").fetchall()
    found = dict(rows)
    return [dossier for dossier, receipt in receipts.items() if found.get(dossier) != receipt]


@contextmanager
def crashed(staged: Any, data: Path, draft: dict[str, Any], *settings: str) -> Iterator[tuple[str, dict[str, str]]]:
    """A database that was killed while people filed, and that runs again; with the receipts they were given."""
    with embedded.running(data) as server:
        migration.upgrade(server.dsn())
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            for setting in settings:
                connection.execute(f"ALTER SYSTEM SET {setting}")
            connection.execute("SELECT pg_reload_conf()")
        with staged(DATABASE_URL=server.dsn(), request_timeout_s=5.0, pool_wait_s=1.0) as stage:
            receipts = filed_until_the_crash(stage, server, draft)
    with embedded.running(data) as server:
        yield server.dsn(), receipts


def test_no_receipt_is_lost_when_postgresql_is_killed(staged, data, draft):
    with crashed(staged, data, draft) as (dsn, receipts):
        assert lost(dsn, receipts) == []


def test_the_checker_catches_receipts_given_before_they_were_safe(staged, data, draft):
    """The control: the setting that makes benchmarks look good."""
    with crashed(staged, data, draft, "synchronous_commit = off", "wal_writer_delay = '10s'") as (dsn, receipts):
        assert len(lost(dsn, receipts)) > 0


def hung_up(stage: Any, client: httpx.Client, body: bytes, key: str) -> None:
    """Send a request and hang up without waiting for the answer."""
    address = urlsplit(stage.url)
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    head = (
        f"POST {DRAFTS} HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: {cookies}\r\nIdempotency-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 80), timeout=20) as connection:
        connection.sendall(head.encode() + body)


def copies(dsn: str, names: list[str]) -> Counter[str]:
    """How many dossiers of each of these names there are."""
    with psycopg.connect(dsn) as connection:
        query = "SELECT answers->>'company_name' FROM dossier WHERE answers->>'company_name' = ANY(%s)"
        return Counter(row[0] for row in connection.execute(query, (names,)))


def test_whoever_hangs_up_and_sends_again_has_one_dossier(stage, database_url, draft):
    client = stage.signed_in("business")
    names = [f"Essai {uuid4()}" for _ in range(40)]

    def insist(name: str) -> int:
        body, key = json.dumps(draft | {"company_name": name}).encode(), str(uuid4())
        for _ in range(3):
            hung_up(stage, client, body, key)
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        return client.post(DRAFTS, content=body, headers=headers).status_code

    with ThreadPoolExecutor(CLIENTS) as threads:
        assert set(threads.map(insist, names)) == {201}
    assert copies(database_url, names) == Counter(dict.fromkeys(names, 1))


def test_the_checker_catches_a_service_that_takes_each_try_for_another_dossier(stage, database_url, draft):
    """The control: the same tries without the key."""
    account = UUID(stage.signed_in("business").get("/api/v1/me").json()["account"])
    names = [f"Essai {uuid4()}" for _ in range(10)]

    async def without_dedup() -> None:
        async with connect(database_url) as connection:
            for name in names * 2:
                await repository.create(connection, account, "emergency-aid", draft | {"company_name": name})

    asyncio.run(without_dedup())
    assert copies(database_url, names) != Counter(dict.fromkeys(names, 1))
