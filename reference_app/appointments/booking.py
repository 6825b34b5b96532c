"""Booking, moving and cancelling: what a person may do, each in one transaction of which no part waits for a stranger.

A seat is taken by one conditional UPDATE of the slot's own row (docs/decisions/0015): people who want different slots
never wait for each other, and a full slot refuses without a lock. Locks are always taken in the order appointment, then
slots by identifier, so that two people who swap slots cannot deadlock.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from reference_app.appointments.appointment import ROW, Appointment, statement
from reference_app.appointments.availability import by_appointment, slot, until
from reference_app.appointments.states import State, require
from reference_app.database import Connection
from reference_app.dossiers.draft import Line, Optional, Prose
from reference_app.errors import N_, AlreadyBooked, Conflict, NotFound, SlotFull
from reference_app.notifications.news import News
from reference_app.notifications.telling import tell

FULL = N_("The last place of this slot was just taken. Choose another time.")
PAST = N_("This time can no longer be booked or changed.")
ALREADY = N_("You already have an appointment to come. Move it or cancel it instead.")
NO_SUCH_APPOINTMENT = N_("There is no such appointment among yours.")

_TAKE_AND_BOOK = statement("""
    WITH c AS (UPDATE creneau SET taken = taken + 1
               WHERE id = %(creneau)s AND taken < capacity AND starts_at > %(at)s
               RETURNING id, procedure, lieu_id, starts_at, minutes),
    r AS (INSERT INTO rendez_vous (creneau_id, procedure, account_id, name, note, booked_at, updated_at)
          SELECT id, procedure, %(account)s, %(name)s, %(note)s, %(at)s, %(at)s FROM c
          ON CONFLICT (account_id, procedure) WHERE state = 'unknown' DO NOTHING
          RETURNING *)
    SELECT {columns} FROM r, c, lieu l WHERE l.id = c.lieu_id""")

_OF_ACCOUNT = statement("""
    SELECT {columns} FROM rendez_vous r JOIN creneau c ON c.id = r.creneau_id JOIN lieu l ON l.id = c.lieu_id
    WHERE r.account_id = %(account)s ORDER BY r.id DESC LIMIT %(limit)s""")

_LIVE = statement("""
    SELECT {columns} FROM rendez_vous r JOIN creneau c ON c.id = r.creneau_id JOIN lieu l ON l.id = c.lieu_id
    WHERE r.account_id = %(account)s AND r.procedure = %(procedure)s AND r.state = 'unknown'""")

_READ = statement("""
    SELECT {columns} FROM rendez_vous r JOIN creneau c ON c.id = r.creneau_id JOIN lieu l ON l.id = c.lieu_id
    WHERE r.id = %(id)s AND r.account_id = %(account)s""")

_LOCK = statement("""
    SELECT {columns} FROM rendez_vous r JOIN creneau c ON c.id = r.creneau_id JOIN lieu l ON l.id = c.lieu_id
    WHERE r.id = %(id)s AND r.account_id = %(account)s FOR UPDATE OF r""")

_LOCK_SLOTS = "SELECT id FROM creneau WHERE id = ANY(%(creneaux)s::uuid[]) ORDER BY id FOR NO KEY UPDATE"

_TAKE = """
    UPDATE creneau SET taken = taken + 1
    WHERE id = %(creneau)s AND procedure = %(procedure)s AND taken < capacity AND starts_at > %(at)s"""

RELEASE = "UPDATE creneau SET taken = taken - 1 WHERE id = %(creneau)s"

_PUT = "UPDATE rendez_vous SET creneau_id = %(creneau)s, updated_at = %(at)s WHERE id = %(id)s"

_EXCUSE = "UPDATE rendez_vous SET state = 'excused', updated_at = %(at)s WHERE id = %(id)s"


class Booking(BaseModel):
    """What a person books."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    creneau: UUID = Field(description="Identifier of the slot.")
    name: Annotated[Line, Field(min_length=1), BeforeValidator(lambda v: v.strip() if isinstance(v, str) else v)] = (
        Field(description="Who will come.", examples=["Camille Martin"])
    )
    note: Annotated[Annotated[Prose, Field(max_length=500)] | None, Optional] = Field(
        default=None, description="What the service should know beforehand."
    )


async def book(connection: Connection, account: UUID, wanted: Booking, at: datetime) -> Appointment:
    """Take a seat of a slot, within the caller's transaction: raising takes it back.

    Raises:
        NotFound: there is no such slot.
        SlotFull: its last seat is taken.
        Conflict: it has begun, or is too far ahead.
        AlreadyBooked: ``account`` has an appointment to come for this procedure.
    """
    parameters = {"account": account, "at": at, **wanted.model_dump()}
    booked = await _one(connection, _TAKE_AND_BOOK, parameters)
    if booked is None:
        await _explain(connection, account, wanted.creneau, at)
        raise SlotFull(FULL)
    if booked.starts_at >= until(by_appointment(booked.procedure), at):
        raise Conflict(PAST)
    await tell(connection, News.BOOKED, account, at, appointment=booked.id)
    return booked


async def move(connection: Connection, account: UUID, appointment: UUID, creneau: UUID, at: datetime) -> Appointment:
    """Move an appointment to another slot of its procedure; the old seat is free once the new one is taken.

    Repeating it changes nothing.

    Raises:
        NotFound: ``account`` has no such appointment, or there is no such slot.
        SlotFull: the last seat of the new slot is taken; the old one is kept.
        Conflict: the appointment or the slot has begun, or it was cancelled.
    """
    async with connection.transaction():
        found = await _locked(connection, account, appointment)
        _require_to_come(found, at)
        if found.creneau == creneau:
            return found
        wanted = await slot(connection, creneau)
        if not at < wanted.starts_at < until(by_appointment(found.procedure), at):
            raise Conflict(PAST)
        await connection.execute(_LOCK_SLOTS, {"creneaux": [found.creneau, creneau]})
        parameters = {"id": appointment, "creneau": creneau, "procedure": found.procedure, "at": at}
        if (await connection.execute(_TAKE, parameters)).rowcount == 0:
            raise SlotFull(FULL)
        await connection.execute(RELEASE, {"creneau": found.creneau})
        await connection.execute(_PUT, parameters)
        await tell(connection, News.MOVED, account, at, appointment=appointment)
        return await read(connection, account, appointment)


async def cancel(connection: Connection, account: UUID, appointment: UUID, at: datetime) -> Appointment:
    """Give the seat back; repeating it changes nothing.

    Raises:
        NotFound: ``account`` has no such appointment.
        Conflict: it has begun, or the service ended it.
    """
    async with connection.transaction():
        found = await _locked(connection, account, appointment)
        if found.state is State.EXCUSED:
            return found
        _require_to_come(found, at)
        # The slot first: while it is waited for, the row that makes the account unique must not be in doubt.
        await connection.execute(RELEASE, {"creneau": found.creneau})
        await connection.execute(_EXCUSE, {"id": appointment, "at": at})
        await tell(connection, News.CANCELLED, account, at, appointment=appointment)
        return await read(connection, account, appointment)


async def read(connection: Connection, account: UUID, appointment: UUID) -> Appointment:
    """One appointment of ``account``. Raises NotFound, for another's too."""
    return _found(await _one(connection, _READ, {"id": appointment, "account": account}))


async def live(connection: Connection, account: UUID, procedure: str) -> Appointment | None:
    """The appointment to come of ``account``, if there is one."""
    return await _one(connection, _LIVE, {"account": account, "procedure": procedure})


async def of_account(connection: Connection, account: UUID, limit: int) -> list[Appointment]:
    """Appointments of ``account``, newest first."""
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(_OF_ACCOUNT, {"account": account, "limit": limit})
        return await cursor.fetchall()


async def _explain(connection: Connection, account: UUID, creneau: UUID, at: datetime) -> None:
    """Raise what kept a seat from being booked, unless it is that the slot is full."""
    wanted = await slot(connection, creneau)
    if wanted.starts_at <= at:
        raise Conflict(PAST)
    if await live(connection, account, wanted.procedure) is not None:
        raise AlreadyBooked(ALREADY)


async def _locked(connection: Connection, account: UUID, appointment: UUID) -> Appointment:
    return _found(await _one(connection, _LOCK, {"id": appointment, "account": account}))


def _require_to_come(appointment: Appointment, at: datetime) -> None:
    require(appointment.state, State.EXCUSED)
    if appointment.starts_at <= at:
        raise Conflict(PAST)


def _found(appointment: Appointment | None) -> Appointment:
    if appointment is None:
        raise NotFound(NO_SUCH_APPOINTMENT)
    return appointment


async def _one(connection: Connection, query: bytes, parameters: dict[str, object]) -> Appointment | None:
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchone()
