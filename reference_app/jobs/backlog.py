"""What is still to be done and since when, told with the metrics: jobs, mails, pieces for the scanner, payments.

Every process of workers tells all of it, whichever queues it works off: when the workers of one queue are gone, those
of another still say so, and when all are gone the metrics are gone too. Both have an alert.
"""

from __future__ import annotations

import asyncio
import logging

import psycopg

from observability import telemetry
from reference_app.database import Connection
from reference_app.deliveries.policy import Policy
from reference_app.jobs import delays
from reference_app.jobs.housekeeping import KEPT
from reference_app.jobs.queues import Queue
from reference_app.parts import Parts

_log = logging.getLogger("reference_app")

TELL_EVERY_S = 15.0
"""Far below the minute in which the alerts look."""

# A mail is waited for as long as its job is kept: afterwards nothing would send it any more.
_AGES = """
    SELECT 'mails', extract(epoch FROM %(now)s - min(created_at))::float8 FROM notification
    WHERE state = 'waiting' AND created_at > %(now)s - %(kept)s
    UNION ALL
    SELECT 'scans', extract(epoch FROM %(now)s - min(sent_at))::float8 FROM piece
    WHERE scanned_at IS NULL AND state = 'en_attente' AND %(scanner)s
    UNION ALL
    SELECT 'finance', extract(epoch FROM %(now)s - failing_since)::float8 FROM finance_gate
    WHERE failures >= %(trips_after)s"""
_FAILED = """
    SELECT queue_name, count(*) FROM procrastinate_jobs job
    WHERE status = 'failed' AND EXISTS (
        SELECT FROM procrastinate_events WHERE job_id = job.id AND at > now() - interval '1 day')
    GROUP BY queue_name"""


async def follow(parts: Parts) -> None:
    """Tell it again and again until cancelled; while the database does not say, nothing is known, and nothing told.

    No error of the database ends it: whoever only looks must not stop those who work.
    """
    while True:
        try:
            async with parts.pool.connection() as connection:
                telemetry.backlog(await ages(connection, parts), await failed(connection))
                await delays.tell_late(connection)
        except psycopg.Error as error:
            telemetry.backlog({}, {})
            _log.warning("what is still to be done cannot be told (%s)", type(error).__name__)
        await asyncio.sleep(TELL_EVERY_S)


async def ages(connection: Connection, parts: Parts) -> dict[str, float]:
    """Seconds since which the first in line waits, by what it waits for; 0 where nothing does.

    Of ``jobs.`` and a queue it is since it was due; of ``finance`` since the first of the failures that opened the
    breaker. Nothing waits for a scanner that is not set up.
    """
    found = dict.fromkeys(("mails", "scans", "finance"), 0.0) | {f"jobs.{queue}": 0.0 for queue in Queue}
    values = {
        "now": parts.clock(),
        "kept": KEPT,
        "scanner": parts.scanner is not None,
        "trips_after": Policy.of(parts.settings).trips_after,
    }
    for name, seconds in await (await connection.execute(_AGES, values)).fetchall():
        if seconds is not None:
            found[name] = max(0.0, seconds)
    return found | {f"jobs.{queue}": max(0.0, s) for queue, s in (await delays.oldest(connection)).items()}


async def failed(connection: Connection) -> dict[str, int]:
    """Jobs that failed for good within a day, by queue; people put them back or do without."""
    found = dict.fromkeys((queue.value for queue in Queue), 0)
    for name, number in await (await connection.execute(_FAILED)).fetchall():
        found[name] = number
    return found
