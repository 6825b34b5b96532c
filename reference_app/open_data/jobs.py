"""Open data is made at night, never in a request."""

from __future__ import annotations

from procrastinate import Blueprint, JobContext

from reference_app.jobs.context import parts_of_job
from reference_app.jobs.queues import Queue
from reference_app.open_data.publishing import publish

blueprint = Blueprint()


@blueprint.periodic(cron="13 3 * * *")
@blueprint.task(name="publish", queue=Queue.HOURS, pass_context=True)
async def publish_due(context: JobContext, timestamp: int) -> None:
    """Publish the months whose time has come."""
    del timestamp  # of the minute it was due, which does not matter here
    parts = parts_of_job(context)
    async with parts.pool.connection() as connection:
        await publish(connection, parts.clock(), parts.settings.origin)
