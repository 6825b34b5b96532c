"""Put a job where the workers find it, in the caller's own transaction: no outbox, and no job without its cause."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb
from pydantic import JsonValue

from reference_app.database import Connection
from reference_app.jobs.queues import Queue

_STAGE = """
    SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
        %(queue)s::text, %(task)s::text, 0, %(lock)s::text, %(once)s::text, %(arguments)s, %(at)s::timestamptz
    )::procrastinate_job_to_defer_v1])"""

_UNSTAGE = """
    SELECT procrastinate_cancel_job_v1(id, false, true) FROM procrastinate_jobs
    WHERE queueing_lock = %(once)s AND status = 'todo'"""


async def stage(
    connection: Connection,
    task: str,
    arguments: Mapping[str, JsonValue],
    *,
    queue: Queue,
    at: datetime | None = None,
    lock: str | None = None,
    once: str | None = None,
) -> None:
    """Have ``task`` done after the transaction of ``connection`` commits; if it does not, there is no job.

    A job is done at least once: a task must be safe to run twice.

    Args:
        connection: with the caller's transaction open; without one, the job stands for itself.
        task: ``room:name``, a task of a blueprint listed in :mod:`reference_app.jobs.app`.
        arguments: identifiers, never personal data: they are logged, and kept with a job that failed.
        queue: the delay that is promised.
        at: not before this time; without it, as soon as a worker is free. For thousands of far-off times, let a
            periodic task look for what is due instead: workers read past every job that waits.
        lock: jobs of one lock are done one after the other, in the order staged.
        once: no second job is staged while one of this name waits.
    """
    values = {
        "queue": queue.value,
        "task": task,
        "lock": lock,
        "once": once,
        "arguments": Jsonb(dict(arguments)),
        "at": at,
    }
    if once is None:
        await connection.execute(_STAGE, values)
        return
    try:
        async with connection.transaction():  # within the caller's: a name that is taken must not end that
            await connection.execute(_STAGE, values)
    except UniqueViolation:
        return


async def unstage(connection: Connection, once: str) -> None:
    """Take back the job that waits under the name ``once``, if there is one, in the transaction of ``connection``."""
    await connection.execute(_UNSTAGE, {"once": once})
