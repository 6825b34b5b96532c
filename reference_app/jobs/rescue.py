"""Jobs whose worker is gone come back: a process that was killed, a machine that went away."""

from __future__ import annotations

from reference_app.database import Connection

HEARTBEAT_EVERY_S = 5.0
GONE_AFTER_S = 20.0
"""A worker that gave no sign for so long is taken for dead: four signs missed."""
ATTEMPTS = 10
"""A job that was under way each time a worker died is not the next one's end as well: it counts as failed."""

_RESCUE = """
    WITH gone AS MATERIALIZED (
        SELECT job.id, job.attempts
        FROM procrastinate_jobs job LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
        WHERE job.status = 'doing'
          AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %(gone_after_s)s))
        FOR UPDATE OF job SKIP LOCKED)
    SELECT CASE WHEN attempts + 1 < %(attempts)s
                THEN procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL)
                ELSE procrastinate_finish_job_v1(id, 'failed', false) END
    FROM gone"""


async def rescue(connection: Connection) -> int:
    """Give back every job whose worker is gone; those that were given back too often are failed. Returns their number.

    Safe from several processes at once: each job is taken by one of them.
    """
    cursor = await connection.execute(_RESCUE, {"gone_after_s": GONE_AFTER_S, "attempts": ATTEMPTS})
    return cursor.rowcount
