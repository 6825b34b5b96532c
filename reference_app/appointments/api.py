"""Appointments over the API: what is free for anybody, booking for a person who is signed in."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from observability import telemetry
from reference_app import idempotency
from reference_app.appointments import availability, booking
from reference_app.appointments.availability import by_appointment
from reference_app.appointments.booking import Booking
from reference_app.appointments.days import Day
from reference_app.appointments.schemas import AppointmentOut, DayOut, PlaceOut, SlotOut
from reference_app.database import Connection
from reference_app.dossiers.api import Limit
from reference_app.idempotency import Answer, Key
from reference_app.parts import Given, parts_of
from reference_app.problems import documented
from reference_app.sessions import Citizen
from reference_app.waiting_room.gate import IN_TURN, require_turn

NO_SESSION: dict[str, list[str]] = {"security": []}

free = APIRouter(
    prefix="/api/v1/procedures/{procedure}/lieux",
    tags=["appointments"],
    responses=documented(404),
    dependencies=[IN_TURN],
)
mine = APIRouter(prefix="/api/v1/rendez-vous", tags=["appointments"], responses=documented(401, 403))


@free.get("", response_model=list[PlaceOut], summary="List places", openapi_extra=NO_SESSION)
async def places(parts: Given, procedure: str) -> list[PlaceOut]:
    """Places of a procedure, by name. Nobody needs to be signed in."""
    known = by_appointment(procedure)
    return [PlaceOut.of(found) for found in await parts.shown.places(known)]


@free.get("/{lieu}/jours", response_model=list[DayOut], summary="List days", openapi_extra=NO_SESSION)
async def days(parts: Given, procedure: str, lieu: UUID) -> list[DayOut]:
    """Days that may still be booked at a place, and the seats left on each."""
    known = by_appointment(procedure)
    return [DayOut.of(found) for found in await parts.shown.days(known, lieu)]


@free.get("/{lieu}/creneaux", response_model=list[SlotOut], summary="List slots", openapi_extra=NO_SESSION)
async def slots(parts: Given, procedure: str, lieu: UUID, day: Day) -> list[SlotOut]:
    """Slots of a day at a place that may still be booked, in order; full ones say so."""
    known = by_appointment(procedure)
    return [SlotOut.of(found) for found in await parts.shown.slots(known, lieu, day)]


@mine.post("", status_code=201, response_model=AppointmentOut, responses=documented(404, 409, 413), summary="Book")
async def book(request: Request, parts: Given, person: Citizen, wanted: Booking, key: Key) -> Response:
    """Take a seat of a slot: an answer means it is yours, and nobody else's."""
    digest = idempotency.digest(f"POST {request.url.path}", await request.body())
    async with parts.pool.connection() as connection:
        await require_turn_for(request, connection, wanted.creneau)
        answer = await book_once(request, connection, person.account, wanted, key, digest)
    return idempotency.sent(answer)


@mine.get("", response_model=list[AppointmentOut], summary="List my appointments")
async def list_mine(parts: Given, person: Citizen, limit: Limit = 20) -> list[AppointmentOut]:
    """My appointments, newest first."""
    async with parts.pool.connection() as connection:
        return [AppointmentOut.of(a) for a in await booking.of_account(connection, person.account, limit)]


@mine.get("/{appointment}", response_model=AppointmentOut, responses=documented(404), summary="Read an appointment")
async def read(parts: Given, person: Citizen, appointment: UUID) -> AppointmentOut:
    """One of my appointments."""
    async with parts.pool.connection() as connection:
        return AppointmentOut.of(await booking.read(connection, person.account, appointment))


class Move(BaseModel):
    """Where to move an appointment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    creneau: UUID


@mine.put("/{appointment}/creneau", response_model=AppointmentOut, responses=documented(404, 409, 413), summary="Move")
async def move(parts: Given, person: Citizen, appointment: UUID, wanted: Move) -> AppointmentOut:
    """Move an appointment to another slot; if that is full, the old one is kept. Repeating it changes nothing."""
    async with parts.pool.connection() as connection:
        moved = await booking.move(connection, person.account, appointment, wanted.creneau, parts.clock())
    return AppointmentOut.of(moved)


@mine.post("/{appointment}/cancel", response_model=AppointmentOut, responses=documented(404, 409), summary="Cancel")
async def cancel(parts: Given, person: Citizen, appointment: UUID) -> AppointmentOut:
    """Give the seat back; repeating it changes nothing."""
    async with parts.pool.connection() as connection:
        return AppointmentOut.of(await booking.cancel(connection, person.account, appointment, parts.clock()))


async def require_turn_for(request: Request, connection: Connection, creneau: UUID) -> None:
    """Let book whose turn it is at the procedure of a slot. Raises NotYourTurn, or NotFound."""
    if parts_of(request).door.lines:
        require_turn(request, (await availability.slot(connection, creneau)).procedure)


async def book_once(
    request: Request, connection: Connection, account: UUID, wanted: Booking, key: str, digest: bytes
) -> Answer:
    """Book with an idempotency key; the page and the API share it."""

    async def effect() -> Answer:
        booked = await booking.book(connection, account, wanted, parts_of(request).clock())
        return Answer(201, AppointmentOut.of(booked).model_dump_json())

    answer = await idempotency.once(connection, account, key, digest, effect)
    if not answer.replayed:
        telemetry.event("appointment.booked")
    return answer
