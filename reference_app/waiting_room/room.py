"""A room and the counts of those who came, as the database keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from reference_app.database import Connection

MOST_PER_MINUTE = 100_000
LASTS = timedelta(days=2)
"""After its opening a room is over by itself: one that nobody closed keeps no line for ever."""

_ROOMS = """
    SELECT w.id, w.procedure, w.seed, w.per_minute, w.minutes,
           extract(epoch FROM w.opens_at)::float8 AS opens_at, extract(epoch FROM clock_timestamp())::float8 AS now,
           EXISTS (SELECT FROM creneau c WHERE c.procedure = w.procedure AND c.starts_at > now()
                   AND c.taken < c.capacity) AS free
    FROM waiting_room w WHERE w.opens_at > now() - %(lasts)s"""

_ARRIVALS = "SELECT second, arrivals FROM waiting_arrivals WHERE room = %(room)s AND second > %(since)s"

# In one order, so that two workers never wait for each other's rows. A room that was closed meanwhile counts nobody.
_ADD = """
    INSERT INTO waiting_arrivals (room, second, arrivals)
    SELECT p.room, p.second, p.arrivals
    FROM unnest(%(rooms)s::uuid[], %(seconds)s::bigint[], %(arrivals)s::integer[]) AS p (room, second, arrivals)
    JOIN waiting_room w ON w.id = p.room ORDER BY p.room, p.second
    ON CONFLICT (room, second) DO UPDATE SET arrivals = waiting_arrivals.arrivals + excluded.arrivals"""

_OPEN = """
    INSERT INTO waiting_room (procedure, opens_at, per_minute, minutes, agent_id)
    VALUES (%(procedure)s, %(opens_at)s, %(per_minute)s, %(minutes)s, %(agent)s)"""

_CLOSE = "DELETE FROM waiting_room WHERE procedure = %(procedure)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The waiting room of a procedure: times in seconds since 1970; ``seed`` makes the draw; ``free`` while a seat is.

    ``now`` is the database's clock when it was read: all workers go by that one.
    """

    id: UUID
    procedure: str
    seed: UUID
    opens_at: float
    per_minute: int
    minutes: int
    now: float
    free: bool

    @property
    def opening(self) -> datetime:
        """When the room opens."""
        return datetime.fromtimestamp(self.opens_at, UTC)


class Rule(BaseModel):
    """What an agent decides of an opening."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    opens_at: AwareDatetime
    per_minute: int = Field(ge=1, le=MOST_PER_MINUTE, description="People let in each minute.")
    minutes: int = Field(ge=1, le=60, description="How long a turn lasts.")


async def rooms(connection: Connection) -> list[Room]:
    """Every room that is not over."""
    async with connection.cursor(row_factory=class_row(Room)) as cursor:
        await cursor.execute(_ROOMS, {"lasts": LASTS})
        return await cursor.fetchall()


async def arrivals(connection: Connection, room: UUID, since: int) -> dict[int, int]:
    """How many came to ``room`` in each second after ``since``."""
    cursor = await connection.execute(_ARRIVALS, {"room": room, "since": since})
    return dict(await cursor.fetchall())


async def add(connection: Connection, counted: Mapping[tuple[UUID, int], int]) -> None:
    """Add how many came, by room and second."""
    columns = {
        "rooms": [room for room, _ in counted],
        "seconds": [second for _, second in counted],
        "arrivals": list(counted.values()),
    }
    await connection.execute(_ADD, columns)


async def open_room(connection: Connection, agent: UUID, procedure: str, rule: Rule) -> None:
    """Open a room in place of the one there was: its line begins anew."""
    async with connection.transaction():
        await close_room(connection, procedure)
        await connection.execute(_OPEN, {"procedure": procedure, "agent": agent, **rule.model_dump()})


async def close_room(connection: Connection, procedure: str) -> None:
    """Close the room of ``procedure``: everybody may come in again."""
    await connection.execute(_CLOSE, {"procedure": procedure})
