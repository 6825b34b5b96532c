"""The tasks of the agents' work: experts told and reminded, lots decided, exports written, what was left given back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from procrastinate import Blueprint, JobContext
from pydantic import JsonValue

from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.instruction import advice_letter, exports, left, lots, synthesis
from reference_app.instruction.advice import TELL
from reference_app.jobs.context import parts_of_job
from reference_app.jobs.queues import Queue
from reference_app.jobs.retrying import PATIENT
from reference_app.jobs.staging import stage
from reference_app.notifications.mailer import Refused

REMIND_BEFORE = timedelta(days=3)
_BATCH = 200

_REMIND = """
    UPDATE avis SET reminded_at = %(at)s WHERE id IN (
        SELECT a.id FROM avis a JOIN dossier d ON d.id = a.dossier_id
        WHERE a.answered_at IS NULL AND a.reminded_at IS NULL AND a.ends_on BETWEEN %(today)s AND %(until)s
          AND d.advice_pending > 0
        ORDER BY a.ends_on, a.id LIMIT %(batch)s FOR UPDATE OF a SKIP LOCKED)
    RETURNING id"""

blueprint = Blueprint()


@blueprint.task(name="tell_expert", pass_context=True, retry=PATIENT)
async def tell_expert(context: JobContext, advice: str, reminder: bool) -> None:
    """Write to whoever is asked for advice; nobody where no mail is set up, or when it was given meanwhile."""
    parts = parts_of_job(context)
    if parts.mailer is None:
        return
    async with parts.pool.connection() as connection:
        asked = await advice_letter.read(connection, UUID(advice))
    if asked is None:
        return
    try:
        await parts.mailer.send(advice_letter.written(parts, asked, parts.clock(), reminder=reminder))
    except Refused:
        return  # the agent sees that nothing came, and asks somebody else


@blueprint.task(name="decide_lot", pass_context=True, retry=PATIENT)
async def decide_lot(context: JobContext, lot: str) -> None:
    """Decide what is left of a lot."""
    parts = parts_of_job(context)
    async with parts.pool.connection() as connection:
        await lots.work_off(connection, UUID(lot), parts.clock())


@blueprint.task(name="export", pass_context=True, retry=PATIENT)
async def export(context: JobContext, export: str) -> None:
    """Write an export."""
    parts = parts_of_job(context)
    if parts.store is not None:
        await exports.write(parts, parts.store, UUID(export))


@blueprint.periodic(cron="23 * * * *")
@blueprint.task(name="forget_exports", queue=Queue.HOURS, pass_context=True, queueing_lock="instruction:forget_exports")
async def forget_exports(context: JobContext, timestamp: int) -> None:
    """Delete the files of exports whose day is over."""
    del timestamp  # the clock of the parts says what is over
    parts = parts_of_job(context)
    if parts.store is not None:
        await exports.forget(parts, parts.store)


@blueprint.periodic(cron="*/15 * * * *")
@blueprint.task(name="make_synthesis", queue=Queue.MINUTES, pass_context=True, queueing_lock="instruction:synthesis")
async def make_synthesis(context: JobContext, timestamp: int) -> None:
    """Count the synthesis anew."""
    del timestamp  # the clock of the parts says when it is made
    parts = parts_of_job(context)
    async with parts.pool.connection() as connection:
        await synthesis.make(connection, parts.clock())


@blueprint.periodic(cron="11 4 * * *")
@blueprint.task(name="give_back", queue=Queue.HOURS, pass_context=True, retry=PATIENT)
async def give_back(context: JobContext, timestamp: int) -> None:
    """Give back what agents took and left, before they come to work."""
    del timestamp  # the clock of the parts says what was left for too long
    parts = parts_of_job(context)
    async with parts.pool.connection() as connection:
        await left.give_back(connection, parts.clock())


@blueprint.periodic(cron="0 7 * * *")
@blueprint.task(name="remind_experts", queue=Queue.MINUTES, pass_context=True, retry=PATIENT)
async def remind_experts(context: JobContext, timestamp: int) -> None:
    """Remind those whose advice is due in three days, once each, whatever runs twice or stops in between."""
    del timestamp  # the clock of the parts says which day it is
    parts = parts_of_job(context)
    if parts.mailer is None:
        return
    at = parts.clock()
    today = at.astimezone(LEGAL_TIME).date()
    values = {"at": at, "today": today, "until": today + REMIND_BEFORE, "batch": _BATCH}
    async with parts.pool.connection() as connection:
        while True:
            async with connection.transaction():
                due = await (await connection.execute(_REMIND, values)).fetchall()
                for (identifier,) in due:
                    arguments: dict[str, JsonValue] = {"advice": str(identifier), "reminder": True}
                    await stage(connection, TELL, arguments, queue=Queue.MINUTES)
            if len(due) < _BATCH:
                return
