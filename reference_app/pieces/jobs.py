"""What is done with pieces after the request: looking for viruses, deleting bytes, looking for what was left."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from procrastinate import Blueprint, JobContext

from observability import telemetry
from reference_app import storage
from reference_app.jobs.context import parts_of_job
from reference_app.jobs.queues import Queue
from reference_app.jobs.retrying import PATIENT
from reference_app.pieces import repository
from reference_app.pieces.intake import PREFIX
from reference_app.pieces.piece import State
from reference_app.pieces.scanning import Verdict
from reference_app.pieces.staged import stage_deletion, stage_scan

LEFT_AFTER = timedelta(hours=24)
"""Bytes that no piece knows are deleted after this time; the slowest upload is through long before."""
WAITS_AFTER = timedelta(hours=4)
"""A piece that waits longer than all attempts of its scan take is looked at anew."""
_CAUGHT_UP = 1000

STATES = {Verdict.CLEAN: State.SAINE, Verdict.INFECTED: State.INFECTEE, Verdict.TOO_LARGE: State.NON_ANALYSEE}

blueprint = Blueprint()


@blueprint.task(name="scan", queue=Queue.SECONDS, retry=PATIENT, pass_context=True)
async def scan(context: JobContext, piece: str) -> None:
    """Ask the scanner about a piece and keep what it says; the bytes of an infected one are deleted.

    Raises:
        ScannerError, Unavailable: scanner or storage did not answer; the piece waits, and another attempt follows.
    """
    parts = parts_of_job(context)
    async with parts.pool.connection() as connection:
        found = await repository.find(connection, UUID(piece))
    if found is None or found.object is None or found.state is State.SAINE:
        return  # removed, replaced or judged meanwhile
    if parts.scanner is None or parts.store is None:
        return
    verdict = await parts.scanner(await storage.read(parts.store, found.object))
    state = STATES[verdict]
    async with parts.pool.connection() as connection, connection.transaction():
        kept = await repository.scanned(connection, found, state, parts.clock())
        if kept and state is State.INFECTEE:
            await stage_deletion(connection, [found.object])
    if kept:
        telemetry.event("piece.scanned", state=state)


@blueprint.task(name="delete", queue=Queue.MINUTES, retry=PATIENT, pass_context=True)
async def delete(context: JobContext, objects: list[str]) -> None:
    """Delete bytes; those that are gone already are no mistake."""
    parts = parts_of_job(context)
    if parts.store is None:
        return
    for key in objects:
        await storage.delete(parts.store, key)


@blueprint.periodic(cron="41 * * * *")
@blueprint.task(name="catch_up", queue=Queue.HOURS, pass_context=True)
async def catch_up(context: JobContext, timestamp: int) -> None:
    """Have pieces looked at that no scanner has judged: its attempts ended, or there was none when they were sent."""
    del timestamp  # of the minute it was due, which does not matter here
    parts = parts_of_job(context)
    if parts.scanner is None:
        return
    async with parts.pool.connection() as connection, connection.transaction():
        for piece in await repository.unscanned(connection, parts.clock() - WAITS_AFTER, _CAUGHT_UP):
            await stage_scan(connection, piece)


@blueprint.periodic(cron="23 3 * * *")
@blueprint.task(name="sweep", queue=Queue.HOURS, pass_context=True)
async def sweep(context: JobContext, timestamp: int) -> None:
    """Delete bytes that no piece knows: of uploads whose end was never written down, or whose job was lost."""
    del timestamp  # of the minute it was due, which does not matter here
    parts = parts_of_job(context)
    if parts.store is None:
        return
    async for keys in storage.older(parts.store, PREFIX, parts.clock() - LEFT_AFTER):
        async with parts.pool.connection() as connection:
            known = await repository.known(connection, keys)
        for key in keys:
            if key not in known:
                await storage.delete(parts.store, key)
