"""The tasks of deliveries. What is due stands in the rows: a job that is lost, or done twice, changes nothing."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from procrastinate import Blueprint, JobContext

from reference_app.deliveries.finance import finance
from reference_app.deliveries.policy import Policy
from reference_app.deliveries.reconciliation import reconcile
from reference_app.deliveries.sending import Worker, attempt, work_off
from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.jobs.context import parts_of_job
from reference_app.jobs.queues import Queue
from reference_app.jobs.retrying import PATIENT
from reference_app.parts import Parts
from reference_app.proxies import proxies_of

TURN_S = 45.0
"""What one turn at what is due may take: the next begins every minute."""

blueprint = Blueprint()
_chance = secrets.SystemRandom()


@blueprint.task(name="send", queue=Queue.MINUTES, pass_context=True)
async def send(context: JobContext, delivery: str) -> None:
    """Attempt one delivery, as soon as it is owed; if it may not be sent now, :func:`send_due` does later."""
    async with _worker(parts_of_job(context)) as worker:
        if worker is not None:
            await attempt(worker, UUID(delivery))


@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="send_due", queue=Queue.MINUTES, pass_context=True, queueing_lock="deliveries:send_due")
async def send_due(context: JobContext, timestamp: int) -> None:
    """Attempt what is due: retries, and what waited for the system to open."""
    del timestamp  # of the minute it was due, which does not matter here
    async with _worker(parts_of_job(context)) as worker:
        if worker is not None:
            await work_off(worker, TURN_S)


@blueprint.periodic(cron="30 7 * * *")
@blueprint.task(name="reconcile", queue=Queue.HOURS, pass_context=True, retry=PATIENT)
async def reconcile_yesterday(context: JobContext, timestamp: int) -> None:
    """Compare the day before with the finance system's list; a page shows where they disagree."""
    del timestamp
    parts = parts_of_job(context)
    async with _worker(parts) as worker:
        if worker is not None:
            now = parts.clock()
            await reconcile(parts.pool, worker.finance, now.astimezone(LEGAL_TIME).date() - timedelta(days=1), now)


@asynccontextmanager
async def _worker(parts: Parts) -> AsyncIterator[Worker | None]:
    """What attempts need; None where no finance system is set up."""
    url = parts.settings.finance_url
    if url is None:
        yield None
        return
    policy = Policy.of(parts.settings)
    async with finance(str(url).rstrip("/"), policy.timeout_s, proxies_of(parts.settings)) as system:
        yield Worker(parts.pool, system, policy, parts.clock, _chance.random)
