"""A lot: one decision for many dossiers, each in a transaction of its own, with what became of each.

What is chosen twice, sent twice or cut off in the middle is decided once: a dossier with an outcome is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from psycopg.rows import class_row
from pydantic import Field, JsonValue

from observability import telemetry
from reference_app.database import Connection
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.states import State
from reference_app.errors import N_, KeyReused, NotFound, Refusal
from reference_app.instruction import decisions, journal
from reference_app.instruction.decisions import Decision
from reference_app.instruction.reach import reach, reaching
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage

TASK = "instruction:decide_lot"
MOST = 100
AT_ONCE = 20
"""Decided while the agent waits; more is done by a job."""

NO_SUCH_LOT = N_("There is no such lot among yours.")
WHY: Mapping[str, str] = {
    "forbidden": N_("Another agent has it under review."),
    "conflict": N_("It is no longer under review."),
    "not-found": N_("Another group has it now."),
}
"""A sentence for each reason why one was not decided."""


class LotAsked(Decision):
    """A decision, and the dossiers it is for."""

    dossiers: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """One lot; ``done_at`` is None while some of it is left to do."""

    id: UUID
    agent_id: UUID
    decision: Literal[State.ACCEPTE, State.REFUSE, State.SANS_SUITE]
    motivation: str
    asked_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one dossier: ``done`` is None while it waits, ``why`` a key of :data:`WHY` where it is False."""

    rank: int
    dossier_id: UUID
    receipt_number: str | None
    done: bool | None
    why: str | None


_LOT = class_row(Lot)
_MAKE = """
    INSERT INTO lot (id, agent_id, decision, motivation, asked_at)
    VALUES (%(id)s, %(agent)s, %(decision)s, %(motivation)s, %(at)s) ON CONFLICT (id) DO NOTHING"""
# What the agent does not reach is left out: a lot tells nothing of others' dossiers.
_FILL = reaching("""
    INSERT INTO lot_dossier (lot_id, rank, dossier_id)
    SELECT %(id)s, c.rank, d.id FROM unnest(%(dossiers)s::uuid[]) WITH ORDINALITY AS c(chosen, rank)
    JOIN dossier d ON d.id = c.chosen WHERE {reached} AND d.state <> 'brouillon' ORDER BY c.rank""")
_READ = """
    SELECT id, agent_id, decision, motivation, asked_at, done_at FROM lot
    WHERE id = %(id)s AND agent_id = %(agent)s"""
_READ_TO_DO = "SELECT id, agent_id, decision, motivation, asked_at, done_at FROM lot WHERE id = %(id)s"
_OUTCOMES = """
    SELECT l.rank, l.dossier_id, d.receipt_number, l.done, l.why
    FROM lot_dossier l JOIN dossier d ON d.id = l.dossier_id WHERE l.lot_id = %(id)s ORDER BY l.rank"""
_LEFT = "SELECT rank, dossier_id FROM lot_dossier WHERE lot_id = %(id)s AND done IS NULL ORDER BY rank"
_TAKE = """
    SELECT rank FROM lot_dossier WHERE lot_id = %(id)s AND rank = %(rank)s AND done IS NULL FOR UPDATE SKIP LOCKED"""
_NOTE = "UPDATE lot_dossier SET done = %(done)s, why = %(why)s WHERE lot_id = %(id)s AND rank = %(rank)s"
_END = "UPDATE lot SET done_at = %(at)s WHERE id = %(id)s AND done_at IS NULL"


async def make(connection: Connection, agent: UUID, identifier: UUID, asked: LotAsked, at: datetime) -> Lot:
    """Keep a lot that is to be done; the same one sent again is the one there is.

    Raises:
        KeyReused: another lot has this identifier.
    """
    chosen = list(dict.fromkeys(asked.dossiers))
    values = {"id": identifier, "agent": agent, "decision": asked.decision, "motivation": asked.motivation, "at": at}
    async with connection.transaction():
        made = (await connection.execute(_MAKE, values)).rowcount == 1
        if made:
            await connection.execute(_FILL, reach(agent) | {"id": identifier, "dossiers": chosen})
            about: dict[str, JsonValue] = {
                "lot": str(identifier),
                "decision": asked.decision.value,
                "dossiers": len(chosen),
            }
            await journal.add(connection, "lot.asked", by=agent, at=at, about=about)
            if len(chosen) > AT_ONCE:
                await stage(connection, TASK, {"lot": str(identifier)}, queue=Queue.MINUTES)
    lot = await read(connection, agent, identifier)
    if (lot.decision, lot.motivation) != (asked.decision, asked.motivation):
        raise KeyReused(N_("Send another Idempotency-Key with another request."))
    return lot


async def read(connection: Connection, agent: UUID, lot: UUID) -> Lot:
    """A lot of ``agent``. Raises NotFound, for another's too."""
    async with connection.cursor(row_factory=_LOT) as cursor:
        await cursor.execute(_READ, {"id": lot, "agent": agent})
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(NO_SUCH_LOT)
    return found


async def outcomes(connection: Connection, lot: UUID) -> list[Outcome]:
    """What became of each dossier of a lot, in the order they were chosen in."""
    async with connection.cursor(row_factory=class_row(Outcome)) as cursor:
        await cursor.execute(_OUTCOMES, {"id": lot})
        return await cursor.fetchall()


async def work_off(connection: Connection, lot: UUID, at: datetime) -> None:
    """Decide what is left of a lot, dossier by dossier. Safe to run twice, also at the same time."""
    async with connection.cursor(row_factory=_LOT) as cursor:
        await cursor.execute(_READ_TO_DO, {"id": lot})
        found = await cursor.fetchone()
    if found is None or found.done_at is not None:
        return
    for rank, dossier in await (await connection.execute(_LEFT, {"id": lot})).fetchall():
        await _decide(connection, found, rank, dossier, at)
    async with connection.transaction():
        # Another run may be at the last ones: whoever finds nothing left ends it.
        if not await (await connection.execute(_LEFT, {"id": lot})).fetchall():
            await connection.execute(_END, {"id": lot, "at": at})


async def _decide(connection: Connection, lot: Lot, rank: int, dossier: UUID, at: datetime) -> None:
    """One dossier in one transaction: its decision and its outcome, or the reason why there is none."""
    place = {"id": lot.id, "rank": rank}
    decision = Decision(decision=lot.decision, motivation=lot.motivation)
    decided: Dossier | None = None
    async with connection.transaction():
        if await (await connection.execute(_TAKE, place)).fetchone() is None:
            return
        why: str | None = None
        try:
            async with connection.transaction():  # within the other: what was begun of a refused decision goes
                did = f"decided.in_lot {lot.id}"
                decided = await decisions.decide_within(connection, lot.agent_id, dossier, decision, at, did)
        except Refusal as refusal:
            why = refusal.slug
        await connection.execute(_NOTE, place | {"done": why is None, "why": why})
    if decided is not None:
        telemetry.event("dossier.decided", receipt=decided.receipt_number, decision=decided.state)
