"""What is still free: one statement a question, each served by an index and none counting appointments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from reference_app.appointments.days import bounds, day_of
from reference_app.database import Connection
from reference_app.errors import N_, NotFound
from reference_app.procedure import BY_APPOINTMENT, Procedure, appointments_of

MOST_PLACES = 200

_PLACES = """
    SELECT l.id, l.name, l.address, EXISTS (
        SELECT FROM creneau c WHERE c.procedure = %(procedure)s AND c.lieu_id = l.id
        AND c.starts_at > %(since)s AND c.starts_at < %(until)s AND c.taken < c.capacity) AS open
    FROM lieu l ORDER BY l.name LIMIT %(limit)s"""

_PLACE = "SELECT id, name, address FROM lieu WHERE id = %(lieu)s"

_DAYS = """
    SELECT (starts_at AT TIME ZONE 'Europe/Paris')::date AS day, sum(capacity - taken) AS free FROM creneau
    WHERE procedure = %(procedure)s AND lieu_id = %(lieu)s AND starts_at > %(since)s AND starts_at < %(until)s
    GROUP BY 1"""

_SLOTS = """
    SELECT id, procedure, lieu_id AS lieu, starts_at, minutes, capacity - taken AS free FROM creneau
    WHERE procedure = %(procedure)s AND lieu_id = %(lieu)s AND starts_at > %(since)s AND starts_at < %(until)s
    ORDER BY starts_at"""

_SLOT = """
    SELECT id, procedure, lieu_id AS lieu, starts_at, minutes, capacity - taken AS free FROM creneau
    WHERE id = %(creneau)s"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somewhere one comes to; ``open`` when a seat is free there."""

    id: UUID
    name: str
    address: str
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day on which slots were opened, and the seats left on it."""

    day: date
    free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A time at a place, and the seats left."""

    id: UUID
    procedure: str
    lieu: UUID
    starts_at: datetime
    minutes: int
    free: int


def by_appointment(name: str) -> Procedure:
    """The procedure ``name``. Raises NotFound when there is none that takes appointments."""
    if name not in BY_APPOINTMENT:
        raise NotFound(N_("No procedure of this name takes appointments."))
    return BY_APPOINTMENT[name]


def until(procedure: Procedure, at: datetime) -> datetime:
    """The end of what may be booked at ``at``."""
    return bounds(day_of(at) + timedelta(days=appointments_of(procedure).days_ahead))[1]


async def places(connection: Connection, procedure: Procedure, at: datetime) -> list[Place]:
    """Every place by its name, with whether a seat of ``procedure`` is free there."""
    async with connection.cursor(row_factory=class_row(Place)) as cursor:
        parameters = {"procedure": procedure.id, "since": at, "until": until(procedure, at), "limit": MOST_PLACES}
        await cursor.execute(_PLACES, parameters)
        return await cursor.fetchall()


async def place(connection: Connection, lieu: UUID) -> Place:
    """One place. Raises NotFound."""
    async with connection.cursor(row_factory=class_row(Place)) as cursor:
        await cursor.execute(_PLACE, {"lieu": lieu})
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(N_("There is no such place."))
    return found


async def days(connection: Connection, procedure: Procedure, lieu: UUID, at: datetime) -> list[Day]:
    """The days that may still be booked at a place, in order."""
    async with connection.cursor(row_factory=class_row(Day)) as cursor:
        parameters = {"procedure": procedure.id, "lieu": lieu, "since": at, "until": until(procedure, at)}
        await cursor.execute(_DAYS, parameters)
        return sorted(await cursor.fetchall(), key=lambda found: found.day)


async def slots(connection: Connection, procedure: Procedure, lieu: UUID, day: date, at: datetime) -> list[Slot]:
    """The slots of ``day`` at a place that may still be booked, full ones too, in order."""
    first, following = bounds(day)
    async with connection.cursor(row_factory=class_row(Slot)) as cursor:
        parameters = {
            "procedure": procedure.id,
            "lieu": lieu,
            "since": max(first - timedelta(microseconds=1), at),
            "until": min(following, until(procedure, at)),
        }
        await cursor.execute(_SLOTS, parameters)
        return await cursor.fetchall()


async def slot(connection: Connection, creneau: UUID) -> Slot:
    """One slot, past ones too. Raises NotFound."""
    async with connection.cursor(row_factory=class_row(Slot)) as cursor:
        await cursor.execute(_SLOT, {"creneau": creneau})
        found = await cursor.fetchone()
    if found is None:
        raise NotFound(N_("There is no such slot."))
    return found
