"""What the rights of people need done by itself: the retention is obeyed every day."""

from __future__ import annotations

import logging
from uuid import UUID

from procrastinate import Blueprint, JobContext

from reference_app.database import Connection
from reference_app.jobs.context import parts_of_job
from reference_app.jobs.queues import Queue
from reference_app.notifications.news import News
from reference_app.notifications.telling import tell
from reference_app.rights.purge import purge, without_rule

blueprint = Blueprint()

_log = logging.getLogger("reference_app")


@blueprint.periodic(cron="41 2 * * *")
@blueprint.task(name="purge", queue=Queue.HOURS, pass_context=True)
async def forget(context: JobContext, timestamp: int) -> None:
    """Forget what no retention keeps any more; what the time does not suffice for is forgotten the next night."""
    del timestamp  # of the minute it was due, which does not matter here
    parts = parts_of_job(context)
    at = parts.clock()

    async def by_mail(connection: Connection, account: UUID, draft: UUID) -> None:
        await tell(connection, News.DRAFT_SOON_PURGED, account, at, dossier=draft)

    async with parts.pool.connection() as connection:
        done = await purge(connection, at, tell=by_mail)
    _log.info("forgotten: %s%s", done.all, "" if done.whole else ", not everything within the time")
    for procedure in without_rule():
        _log.warning("%s has no retention: nothing of it is forgotten", procedure)
