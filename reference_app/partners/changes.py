"""What changed since a cursor: the history of dossiers, in the order of its lines, none left out (docs/decisions/0197).

A line gets its number before its transaction commits, so a lower number may appear after a higher one was read. How far
nothing can appear any more is found without a statement, an index or a lock on the way of those who write: note the
last number given out, then wait until every transaction that had begun by then has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from psycopg.rows import class_row

from reference_app.database import Connection
from reference_app.dossiers.states import State

SCANNED = 4
"""Lines looked at for each that may be given: other procedures' are passed over, a little at a time."""

WAITS_S = (0.0, 0.01, 0.02, 0.04, 0.08)
"""Before each step to find the horizon: one notes, one settles, and who still writes is mostly done within that."""

_HORIZON = """
    SELECT horizon.settled, CASE WHEN given.is_called THEN given.last_value ELSE 0 END
    FROM traitement_id_seq given, change_horizon horizon"""

# Both columns by their values before: the candidate is settled once no transaction from before it is left.
_ADVANCE = """
    UPDATE change_horizon
    SET settled = candidate, candidate = greatest(candidate, %(given)s), after = pg_snapshot_xmax(pg_current_snapshot())
    WHERE pg_snapshot_xmin(pg_current_snapshot()) >= after AND settled < %(given)s
    RETURNING settled"""

_READ = """
    SELECT line.id, line.at, line.state, line.dossier_id, dossier.procedure, dossier.filed_at
    FROM (SELECT id, at, state, dossier_id FROM traitement
          WHERE id > %(after)s AND id <= %(settled)s ORDER BY id LIMIT %(scanned)s) line
    JOIN dossier ON dossier.id = line.dossier_id ORDER BY line.id"""


class Event(StrEnum):
    """What happened to a dossier."""

    FILED = "dossier.filed"
    TAKEN = "dossier.taken"
    RETURNED = "dossier.returned"
    DECIDED = "dossier.decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the history, without anything personal."""

    id: int
    at: datetime
    state: State
    dossier_id: UUID
    procedure: str
    filed_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))

    @property
    def event(self) -> Event:
        """What a partner is told of it."""
        match self.state:
            case State.EN_CONSTRUCTION | State.BROUILLON:
                return Event.FILED if self.at == self.filed_at else Event.RETURNED
            case State.EN_INSTRUCTION:
                return Event.TAKEN
            case State.ACCEPTE | State.REFUSE | State.SANS_SUITE:
                return Event.DECIDED
            case _:
                assert_never(self.state)


@dataclass(frozen=True, slots=True)
class Part:
    """Some changes, the cursor to go on from, and whether there is more now."""

    changes: list[Change]
    cursor: int
    more: bool


async def since(connection: Connection, cursor: int, procedures: Collection[str], limit: int) -> Part:
    """At most ``limit`` changes of ``procedures`` after ``cursor``; outside of a transaction of the caller's."""
    settled = await _settled(connection)
    scanned = limit * SCANNED
    async with connection.cursor(row_factory=class_row(Change)) as rows:
        await rows.execute(_READ, {"after": cursor, "settled": settled, "scanned": scanned})
        lines = await rows.fetchall()
    found: list[Change] = []
    for line in lines:
        if len(found) == limit:
            return Part(found, found[-1].id, more=True)
        if line.procedure in procedures:
            found.append(line)
    return Part(found, lines[-1].id if lines else cursor, more=bool(lines) and lines[-1].id < settled)


async def latest(connection: Connection) -> int:
    """The cursor from which only what is to come is told."""
    return await _settled(connection)


async def _settled(connection: Connection) -> int:
    settled, given = await _horizon(connection)
    for wait in WAITS_S:
        if settled >= given:
            break
        await asyncio.sleep(wait)
        done = await (await connection.execute(_ADVANCE, {"given": given})).fetchone()
        # Without a row somebody else was at it at the same time, or still writes: what is settled holds for all.
        settled = (await _horizon(connection))[0] if done is None else done[0]
    return settled


async def _horizon(connection: Connection) -> tuple[int, int]:
    row = await (await connection.execute(_HORIZON)).fetchone()
    assert row is not None  # nosec B101 (the migration made the row)
    return row[0], row[1]
