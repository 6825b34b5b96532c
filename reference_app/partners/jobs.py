"""The tasks of webhooks: each minute, a job for each webhook that may have something to hear."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from procrastinate import Blueprint, JobContext

from reference_app.jobs.context import parts_of_job
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage
from reference_app.partners import webhook
from reference_app.partners.telling import Teller, tell
from reference_app.parts import Parts
from reference_app.proxies import proxies_of

TURN_S = 30.0
ACCESSES_KEPT = timedelta(days=365)

blueprint = Blueprint()
_chance = secrets.SystemRandom()


@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="look", queue=Queue.MINUTES, pass_context=True, queueing_lock="partners:look")
async def look(context: JobContext, timestamp: int) -> None:
    """Stage a job for each webhook, on its own lock: one that does not answer holds no other one up."""
    del timestamp  # of the minute it was due, which does not matter here
    parts = parts_of_job(context)
    async with parts.pool.connection() as connection:
        for found in await webhook.due(connection, parts.clock()):
            name = f"webhook:{found}"
            await stage(connection, "partners:tell", {"webhook": str(found)}, queue=Queue.MINUTES, lock=name, once=name)


@blueprint.task(name="tell", queue=Queue.MINUTES, pass_context=True)
async def tell_one(context: JobContext, webhook: str) -> None:
    """Tell one webhook what it does not know yet; the next look goes on where the time is over."""
    parts = parts_of_job(context)
    teller = _teller(parts)
    if teller is not None:
        await tell(teller, UUID(webhook), TURN_S)


@blueprint.periodic(cron="47 3 * * *")
@blueprint.task(name="forget_accesses", queue=Queue.HOURS, pass_context=True)
async def forget_accesses(context: JobContext, timestamp: int) -> None:
    """Forget who read what a year ago, and tokens that ended then."""
    del timestamp
    parts = parts_of_job(context)
    before = parts.clock() - ACCESSES_KEPT
    async with parts.pool.connection() as connection:
        await connection.execute("DELETE FROM partner_access WHERE at < %s", (before,))
        await connection.execute("DELETE FROM partner_token WHERE expires_at < %s", (before,))


def _teller(parts: Parts) -> Teller | None:
    key = parts.settings.webhook_key
    if key is None:
        return None
    loopback = parts.settings.webhook_loopback
    proxies = proxies_of(parts.settings)
    return Teller(parts.pool, key.get_secret_value(), loopback, parts.clock, _chance.random, proxies=proxies)
