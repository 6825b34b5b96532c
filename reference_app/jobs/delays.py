"""How long jobs wait, told with the metrics of the service: each one taken, and the oldest that still waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from procrastinate import JobContext
from procrastinate.worker import Worker

from observability import telemetry
from reference_app.database import Connection
from reference_app.jobs.context import parts_of_job
from reference_app.jobs.queues import SERVICES, Queue

_SINCE_DUE = """
    SELECT extract(epoch FROM clock_timestamp() - greatest(job.scheduled_at, (
        SELECT max(at) FROM procrastinate_events
        WHERE job_id = job.id AND type IN ('deferred', 'deferred_for_retry', 'retried'))))::float8
    FROM procrastinate_jobs job WHERE job.id = %s"""

_OLDEST = """
    SELECT job.queue_name, max(extract(epoch FROM clock_timestamp() - greatest(job.scheduled_at, event.at)))::float8
    FROM procrastinate_jobs job
    JOIN LATERAL (SELECT max(at) AS at FROM procrastinate_events
                  WHERE job_id = job.id AND type IN ('deferred', 'deferred_for_retry', 'retried')) event ON true
    WHERE job.id = ANY (SELECT min(id) FROM procrastinate_jobs
                        WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())
                        GROUP BY queue_name)
    GROUP BY job.queue_name"""


async def counted(call_next: Callable[[], Awaitable[Any]], context: JobContext, _worker: Worker) -> Any:
    """Run the job, after counting how long it waited since it was due."""
    async with parts_of_job(context).pool.connection() as connection:
        row = await (await connection.execute(_SINCE_DUE, [context.job.id])).fetchone()
    if row is not None and row[0] is not None:
        telemetry.waited(context.job.queue, row[0])
    return await call_next()


async def oldest(connection: Connection) -> dict[Queue, float]:
    """Seconds that the first job in line has been due for, by queue; nothing for a queue where none is due."""
    rows = await (await connection.execute(_OLDEST)).fetchall()
    return {Queue(name): seconds for name, seconds in rows if name in SERVICES}


async def tell_late(connection: Connection) -> None:
    """Count an event ``jobs.late`` for every queue whose first job has waited longer than is promised."""
    for queue, seconds in (await oldest(connection)).items():
        if seconds > SERVICES[queue].promise.total_seconds():
            telemetry.event("jobs.late", queue=queue.value, oldest_s=round(seconds))
