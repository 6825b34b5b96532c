"""What the jobs need for themselves: those that ended badly are kept for people to look at, not for ever."""

from __future__ import annotations

from datetime import timedelta

from procrastinate import Blueprint, JobContext

from reference_app.jobs.queues import Queue

KEPT = timedelta(days=90)
"""How long a failed job stays to be looked at. What succeeds is deleted as it ends: rooms keep what they did."""

blueprint = Blueprint()


@blueprint.periodic(cron="17 2 * * *")
@blueprint.task(name="forget_old", queue=Queue.HOURS, pass_context=True)
async def forget_old(context: JobContext, timestamp: int) -> None:
    """Delete the jobs that ended longer ago than :data:`KEPT`."""
    del timestamp  # of the minute it was due, which does not matter here
    await context.app.job_manager.delete_old_jobs(
        nb_hours=round(KEPT.total_seconds() / 3600), include_failed=True, include_cancelled=True, include_aborted=True
    )
