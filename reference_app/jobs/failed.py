"""Jobs that failed for good: seen by the people who run the service, and put back once the cause is mended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from reference_app.database import Connection
from reference_app.errors import ReferenceAppError

_LIST = """
    SELECT job.id, job.task_name, job.queue_name, job.args, max(event.at)
    FROM procrastinate_jobs job JOIN procrastinate_events event ON event.job_id = job.id
    WHERE job.status = 'failed' GROUP BY job.id ORDER BY job.id LIMIT 1000"""

_RETRY = "SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM ready"
_FOUND = "WITH ready AS (SELECT id FROM procrastinate_jobs WHERE id = %s AND status = 'failed' FOR UPDATE) "


class FailedJobError(ReferenceAppError):
    """There is no failed job of that number."""


@dataclass(frozen=True)
class Failed:
    """A job that is not tried again by itself; why stands in the log, by its number."""

    id: int
    task: str
    queue: str
    arguments: str
    ended_at: datetime


async def listed(connection: Connection) -> list[Failed]:
    """The failed jobs, oldest first, 1 000 at most."""
    rows = await (await connection.execute(_LIST)).fetchall()
    return [Failed(number, task, queue, json.dumps(args), at) for number, task, queue, args, at in rows]


async def retry(connection: Connection, job: int) -> None:
    """Put a failed job back into its queue, with one attempt: its count of attempts goes on.

    Raises:
        FailedJobError: there is none of that number.
    """
    cursor = await connection.execute(_FOUND + _RETRY, [job])
    if cursor.rowcount != 1:
        raise FailedJobError(f"no failed job has the number {job}")
