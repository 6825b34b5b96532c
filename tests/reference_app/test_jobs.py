"""A job exists if and only if what causes it is committed; it is done, tried again, or listed as failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from procrastinate import Blueprint, JobContext, RetryDecision
from procrastinate.jobs import Job

from reference_app.jobs import failed
from reference_app.jobs.app import app
from reference_app.jobs.context import parts_of_job
from reference_app.jobs.queues import Queue
from reference_app.jobs.retrying import Abandoned, Growing
from reference_app.jobs.staging import stage as stage_job

DONE: list[str] = []
"""What the tasks below were given, in the order they were done."""


@pytest.fixture(scope="module", autouse=True)
def tasks() -> Iterator[None]:
    """Tasks of this test, known to the application while it runs."""
    blueprint = Blueprint()

    @blueprint.task(name="note", pass_context=True)
    async def note(context: JobContext, what: str) -> None:
        async with parts_of_job(context).pool.connection() as connection:
            await connection.execute("SELECT 1")
        DONE.append(what)

    @blueprint.task(name="fail", pass_context=True, retry=Growing(first=timedelta(0), attempts=3))
    async def fail(_context: JobContext, what: str) -> None:
        DONE.append(what)
        raise RuntimeError("never works")

    app.add_tasks_from(blueprint, namespace="test")
    yield
    for name in blueprint.tasks:
        del app.tasks[name]


@pytest.fixture
def word() -> str:
    return uuid4().hex


@asynccontextmanager
async def connected(database_url: str) -> AsyncIterator[Any]:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        yield connection


def staged(database_url: str, task: str, *, undone: bool = False, **options: Any) -> None:
    async def run() -> None:
        async with connected(database_url) as connection, connection.transaction(force_rollback=undone):
            what = options.pop("what")
            await stage_job(connection, task, {"what": what}, **{"queue": Queue.SECONDS} | options)

    asyncio.run(run())


def test_a_job_is_done_if_and_only_if_its_transaction_commits(database_url, work, word):
    staged(database_url, "test:note", what=f"undone {word}", undone=True)
    staged(database_url, "test:note", what=word)
    asyncio.run(work())
    assert [what for what in DONE if word in what] == [word]


def test_a_job_of_later_waits_for_its_time(database_url, work, word):
    staged(database_url, "test:note", what=word, at=datetime.now(UTC) + timedelta(hours=1))
    asyncio.run(work())
    assert word not in DONE


def test_one_name_is_staged_once_while_it_waits_and_the_transaction_goes_on(database_url, work, word):
    async def twice() -> None:
        async with connected(database_url) as connection, connection.transaction():
            for _ in range(2):
                await stage_job(connection, "test:note", {"what": word}, queue=Queue.HOURS, once=word)
            await stage_job(connection, "test:note", {"what": f"after {word}"}, queue=Queue.HOURS)

    asyncio.run(twice())
    asyncio.run(work())
    asyncio.run(twice())
    asyncio.run(work())
    assert [what for what in DONE if word in what] == [word, f"after {word}"] * 2


def test_what_fails_is_tried_again_then_listed_then_put_back_by_hand(database_url, work, word):
    staged(database_url, "test:fail", what=word)
    asyncio.run(work())
    assert DONE.count(word) == 3

    async def listed() -> list[failed.Failed]:
        async with connected(database_url) as connection:
            return [job for job in await failed.listed(connection) if word in job.arguments]

    async def retry(number: int) -> None:
        async with connected(database_url) as connection:
            await failed.retry(connection, number)

    (job,) = asyncio.run(listed())
    assert (job.task, job.queue) == ("test:fail", "seconds")
    asyncio.run(retry(job.id))
    assert asyncio.run(listed()) == []
    asyncio.run(work())
    assert DONE.count(word) == 4
    assert [again.id for again in asyncio.run(listed())] == [job.id]
    with pytest.raises(failed.FailedJobError):
        asyncio.run(retry(0))


def decided(strategy: Growing, attempts: int, error: BaseException | None = None) -> RetryDecision | None:
    job = Job(
        id=7, queue="seconds", lock=None, queueing_lock=None, task_name="test:note", attempts=attempts, worker_id=None
    )
    return strategy.get_retry_decision(exception=error if error is not None else RuntimeError(), job=job)


def test_delays_grow_to_their_limit_and_jobs_that_failed_together_come_back_apart():
    strategy = Growing(first=timedelta(seconds=10), most=timedelta(minutes=10), attempts=12)
    delays = [strategy.delay_s(attempt, 7) for attempt in range(12)]
    assert delays == sorted(delays)
    assert 8 <= delays[0] <= 12
    assert 480 <= delays[-1] <= 720
    assert len({strategy.delay_s(3, job) for job in range(50)}) == 50


def test_attempts_end_and_what_cannot_succeed_is_not_tried_again():
    strategy = Growing(attempts=3)
    assert decided(strategy, 1) is not None
    assert decided(strategy, 2) is None
    assert decided(strategy, 0, Abandoned("it is gone")) is None
    cut_short = decided(strategy, 0, asyncio.CancelledError())
    assert cut_short is not None
    assert cut_short.retry_at is not None
    assert cut_short.retry_at <= datetime.now(UTC)
