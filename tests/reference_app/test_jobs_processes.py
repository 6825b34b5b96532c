"""Processes of workers that are killed, told to stop, or kept busy: nothing is lost, and the urgent does not wait."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from procrastinate import Blueprint

from reference_app.jobs import worker
from reference_app.jobs.app import app
from reference_app.jobs.context import KEY
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage as stage_job
from reference_app.parts import make_parts

LIMIT_S = 60

WORKER = """
import asyncio
from procrastinate import Blueprint
from reference_app import settings
from reference_app.jobs import queues, worker
from reference_app.jobs.app import app
from reference_app.jobs.context import parts_of_job
from reference_app.jobs.retrying import PATIENT

blueprint = Blueprint()

@blueprint.task(name="effect", pass_context=True, retry=PATIENT)
async def effect(context, what, waits_s):
    pool = parts_of_job(context).pool
    async with pool.connection() as connection:
        begun = await connection.execute("INSERT INTO begun (what) VALUES (%s) RETURNING rank", [what])
        first = (await begun.fetchone())[0] == 1
    if first:
        await asyncio.sleep(waits_s)
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO done (what) VALUES (%s) ON CONFLICT DO NOTHING", [what])

app.add_tasks_from(blueprint, namespace="test")
worker.run(settings.load(), list(queues.Queue))
"""

TABLES = """
    CREATE TABLE begun (rank int GENERATED ALWAYS AS IDENTITY, what text);
    CREATE TABLE done (what text PRIMARY KEY)"""


@pytest.fixture
def own_database(empty_database) -> str:
    from reference_app import migration

    migration.upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute(TABLES)
    return empty_database


def environment(database_url: str) -> dict[str, str]:
    values = {
        "PUBLIC_URL": "http://127.0.0.1:9",
        "SESSION_SECRET": "0123456789abcdef0123456789abcdef",
        "CITIZEN_ISSUER": "http://127.0.0.1:9/api/v2",
        "CITIZEN_CLIENT_ID": "reference",
        "CITIZEN_CLIENT_SECRET": "a secret of the test",
        "AGENT_ISSUER": "http://127.0.0.1:9/agents/api/v2",
        "AGENT_CLIENT_ID": "reference",
        "AGENT_CLIENT_SECRET": "a secret of the test",
        "AGENT_SIRETS": "13002526500013",
    }
    named = {f"PORTANCE_REFERENCE_{name}": value for name, value in values.items()}
    return {**os.environ, **named, "DATABASE_URL": database_url}


@contextmanager
def working(database_url: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", WORKER], env=environment(database_url))
    try:
        yield process
    finally:
        process.kill()
        process.wait(LIMIT_S)


def staged(database_url: str, what: str, waits_s: float) -> None:
    async def run() -> None:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            arguments = {"what": what, "waits_s": waits_s}
            await stage_job(connection, "test:effect", arguments, queue=Queue.SECONDS)

    asyncio.run(run())


def one(database_url: str, query: str) -> Any:
    with psycopg.connect(database_url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]  # literals of this file
        return row[0] if row is not None else None


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_job_whose_worker_is_killed_comes_back_and_has_one_effect(own_database):
    staged(own_database, "once", 600)
    with working(own_database) as first:
        wait_for(lambda: one(own_database, "SELECT count(*) FROM begun") == 1)
        first.kill()
    assert one(own_database, "SELECT count(*) FROM done") == 0
    with psycopg.connect(own_database) as connection:  # as if it had been silent for long enough
        connection.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    with working(own_database):
        wait_for(lambda: one(own_database, "SELECT count(*) FROM done") == 1)
        wait_for(lambda: one(own_database, "SELECT count(*) FROM procrastinate_jobs WHERE task_name ~ 'test'") == 0)
    assert one(own_database, "SELECT count(*) FROM begun") == 2


def test_a_worker_told_to_stop_lets_its_job_end(own_database):
    staged(own_database, "ends", 1)
    with working(own_database) as process:
        wait_for(lambda: one(own_database, "SELECT count(*) FROM begun") == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 0
    assert one(own_database, "SELECT count(*) FROM done") == 1
    assert one(own_database, "SELECT count(*) FROM procrastinate_workers") == 0


def test_a_job_too_long_for_the_grace_of_its_worker_goes_back_into_its_queue(own_database):
    staged(own_database, "cut short", 600)
    with working(own_database) as process:
        wait_for(lambda: one(own_database, "SELECT count(*) FROM begun") == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 0
    assert one(own_database, "SELECT status::text FROM procrastinate_jobs WHERE task_name ~ 'test'") == "todo"
    assert one(own_database, "SELECT count(*) FROM done") == 0


def test_workers_wait_for_a_database_that_is_away(own_database):
    with working(own_database) as process:
        wait_for(lambda: one(own_database, "SELECT count(*) FROM procrastinate_workers") == 3)
        with psycopg.connect(own_database, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        staged(own_database, "after", 0)
        wait_for(lambda: one(own_database, "SELECT count(*) FROM done") == 1)
        assert process.poll() is None


def test_a_worker_stops_though_its_database_is_gone(own_database, postgres):
    with working(own_database) as process:
        wait_for(lambda: one(own_database, "SELECT count(*) FROM procrastinate_workers") == 3)
        name = one(own_database, "SELECT current_database()")
        with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 0


CAUSE = """
import asyncio, os, signal, sys
import psycopg
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage

async def main(url, what, way):
    def die():
        os.kill(os.getpid(), signal.SIGKILL)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        async with connection.transaction():
            await connection.execute("INSERT INTO done VALUES (%s)", [what])
            if way == "together":
                await stage(connection, "test:effect", {"what": what}, queue=Queue.HOURS)
            if way == "before the commit":
                await stage(connection, "test:effect", {"what": what}, queue=Queue.HOURS)
                die()
        die()
        await stage(connection, "test:effect", {"what": what}, queue=Queue.HOURS)

asyncio.run(main(*sys.argv[1:]))
"""

WITHOUT_JOB = "SELECT count(*) FROM done WHERE what NOT IN (SELECT args ->> 'what' FROM procrastinate_jobs)"
WITHOUT_CAUSE = "SELECT count(*) FROM procrastinate_jobs WHERE args ->> 'what' NOT IN (SELECT what FROM done)"


@pytest.mark.parametrize(("way", "lost"), [("together", 0), ("before the commit", 0), ("one after the other", 1)])
def test_no_crash_parts_a_job_from_its_cause_unless_they_are_committed_one_after_the_other(own_database, way, lost):
    process = subprocess.run([sys.executable, "-c", CAUSE, own_database, "x", way], timeout=LIMIT_S, check=False)
    assert process.returncode == -signal.SIGKILL
    assert one(own_database, WITHOUT_JOB) == lost
    assert one(own_database, WITHOUT_CAUSE) == 0


@pytest.mark.parametrize("shared", [False, True])
def test_bulk_of_hours_does_not_delay_seconds_unless_they_share_workers(stage, database_url, shared):
    name, order = f"t{uuid4().hex}", list[str]()
    blueprint = Blueprint()
    released = asyncio.Event()

    @blueprint.task(name="bulk")
    async def bulk() -> None:
        await released.wait()
        order.append("bulk")

    @blueprint.task(name="urgent")
    async def urgent() -> None:
        order.append("urgent")
        released.set()

    async def run() -> None:
        parts = make_parts(stage.app.state.parts.settings)
        async with worker._opened(parts) as opened:
            async with parts.pool.connection() as connection:
                for _ in range(5):
                    await stage_job(connection, f"{name}:bulk", {}, queue=Queue.HOURS)
                await stage_job(connection, f"{name}:urgent", {}, queue=Queue.SECONDS)
            if shared:
                released.set()  # or nothing would ever be done: bulk holds every worker
                await opened.run_worker_async(
                    wait=False, listen_notify=False, install_signal_handlers=False, additional_context={KEY: parts}
                )
                return
            stopping = asyncio.Event()
            running = [asyncio.create_task(worker._work(opened, parts, queue, stopping)) for queue in Queue]
            async with asyncio.timeout(LIMIT_S):
                while len(order) < 6:  # noqa: ASYNC110 (what is waited for lives in the workers)
                    await asyncio.sleep(0.02)
            stopping.set()
            for task in running:
                task.cancel()
            await asyncio.wait(running)

    app.add_tasks_from(blueprint, namespace=name)
    try:
        asyncio.run(run())
    finally:
        for task in blueprint.tasks:
            del app.tasks[task]
    assert order[-1 if shared else 0] == "urgent"
