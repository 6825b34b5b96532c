"""The agents' queue: which dossiers it lists, in what order, part by part in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Literal
from uuid import UUID

from psycopg import sql

from reference_app.database import Connection
from reference_app.dossiers.dossier import COLUMNS, ROW, Dossier
from reference_app.dossiers.states import State
from reference_app.errors import N_
from reference_app.instruction.reach import REACHED, reach


class Waits(StrEnum):
    """For what a dossier waits: a correction and an advice are not the agent's to give."""

    NOTHING = "nothing"
    CORRECTION = "correction"
    ADVICE = "advice"


class Order(StrEnum):
    """What comes first."""

    AGE = "age"
    SILENCE = "silence"


WAITS: dict[Waits, str] = {
    Waits.NOTHING: N_("an agent to take it"),
    Waits.CORRECTION: N_("a correction"),
    Waits.ADVICE: N_("an advice"),
}
ORDERS: dict[Order, str] = {Order.AGE: N_("oldest first"), Order.SILENCE: N_("nearest silence date first")}
UNDECIDED = (State.EN_CONSTRUCTION, State.EN_INSTRUCTION)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which dossiers are listed; ``older_than`` is days since they were filed."""

    state: State = State.EN_CONSTRUCTION
    mine: bool = False
    group: str | None = None
    procedure: str | None = None
    waits: Waits | None = None
    older_than: int | None = None
    order: Order = Order.AGE

    @property
    def by_silence(self) -> bool:
        """Whether the silence date orders the list: where one is decided, it says nothing any more."""
        return self.order is Order.SILENCE and self.state in UNDECIDED


@dataclass(frozen=True)
class Part:
    """A part of the list, with where the ones before and after begin; None where there are none."""

    dossiers: Sequence[Dossier]
    before: UUID | None
    after: UUID | None


async def listed(
    connection: Connection,
    agent: UUID,
    filters: Filters,
    at: datetime,
    *,
    after: UUID | None = None,
    before: UUID | None = None,
    limit: int,
) -> Part:
    """Filed dossiers that ``agent`` reaches: those after ``after``, or those before ``before``, or the first.

    They are listed group by group, in each by age or silence date; those of one agent by age alone.
    """
    back = before is not None and after is None
    edge = before if back else after
    filed_before = None if filters.older_than is None else at - timedelta(days=filters.older_than)
    values = {"state": filters.state, "edge": edge, "filed_before": filed_before}
    query = _statement(
        mine=filters.mine,
        waits=filters.waits,
        by_silence=filters.by_silence,
        aged=filters.older_than is not None,
        moves=None if edge is None else "back" if back else "on",
        limit=limit + 1,
    )
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query, reach(agent, filters.group, filters.procedure) | values)
        found = await cursor.fetchall()
    more, shown = len(found) > limit, found[:limit]
    if back:
        shown.reverse()
    if not shown:
        return Part([], None, None)
    earlier = more if back else edge is not None
    later = True if back else more
    return Part(shown, shown[0].id if earlier else None, shown[-1].id if later else None)


@cache
def _statement(
    *, mine: bool, waits: Waits | None, by_silence: bool, aged: bool, moves: Literal["on", "back"] | None, limit: int
) -> bytes:
    """One statement for each shape of a list, so that each has its index; conditions repeat what partial ones say.

    Each is planned once: with the limit as a parameter it would be planned for a tenth of all dossiers, and anew for
    each reader.
    """
    conditions: list[sql.Composable] = [REACHED, sql.SQL("state = %(state)s AND state <> 'brouillon'")]
    names = ["groupe", "silence_on" if by_silence else "filed_at", "id"]
    if mine:
        conditions.append(sql.SQL("agent_id = %(agent)s"))
        names = names[1:]
    if by_silence:
        conditions.append(sql.SQL("state IN ('en_construction', 'en_instruction')"))
    if waits is Waits.NOTHING:
        conditions.append(sql.SQL("state = 'en_construction' AND correction_asked_at IS NULL"))
    if waits is Waits.CORRECTION:
        conditions.append(sql.SQL("state = 'en_construction' AND correction_asked_at IS NOT NULL"))
    if waits is Waits.ADVICE:
        conditions.append(sql.SQL("advice_pending > 0"))
    if aged:
        conditions.append(sql.SQL("filed_at < %(filed_before)s"))
    keys = [sql.Identifier(name) for name in names]
    if moves is not None:
        edge = sql.SQL("({keys}) {than} (SELECT {keys} FROM dossier WHERE id = %(edge)s)")
        than = sql.SQL(">" if moves == "on" else "<")
        conditions.append(edge.format(keys=sql.SQL(", ").join(keys), than=than))
    direction = sql.SQL(" DESC" if moves == "back" else "")
    return (
        sql.SQL("SELECT {columns} FROM dossier WHERE {where} ORDER BY {order} LIMIT {limit}")
        .format(
            columns=COLUMNS,
            where=sql.SQL(" AND ").join(conditions),
            order=sql.SQL(", ").join(key + direction for key in keys),
            limit=sql.Literal(limit),
        )
        .as_bytes()
    )
