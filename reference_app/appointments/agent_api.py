"""The agents' side of the appointments API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from reference_app.appointments import attendance, opening
from reference_app.appointments.attendance import Mark
from reference_app.appointments.availability import by_appointment
from reference_app.appointments.days import Day
from reference_app.appointments.opening import NewPlace, Opening
from reference_app.appointments.schemas import AppointmentOut, ExpectedOut
from reference_app.parts import Given
from reference_app.problems import documented
from reference_app.sessions import Agent

Since = Annotated[AwareDatetime | None, Query(description="`next` of the part before.")]

router = APIRouter(prefix="/api/v1/agent", tags=["agents"], responses=documented(401, 403))


class PlaceAdded(BaseModel):
    """A place that can be used now."""

    id: UUID


class SlotsOpened(BaseModel):
    """What opening slots did."""

    opened: int


@router.get("/rendez-vous", response_model=ExpectedOut, responses=documented(404), summary="List a day's appointments")
async def expected(
    parts: Given, person: Agent, procedure: str, lieu: UUID, day: Day, since: Since = None
) -> ExpectedOut:
    """Appointments of a day at a place by their time, cancelled ones too."""
    known = by_appointment(procedure)
    async with parts.pool.connection() as connection:
        found, following = await attendance.expected(connection, known, lieu, day, since)
    return ExpectedOut(items=[AppointmentOut.of(a) for a in found], next=following)


@router.post(
    "/rendez-vous/{appointment}/mark",
    response_model=AppointmentOut,
    responses=documented(404, 409, 413),
    summary="Say whether a person came",
)
async def mark(parts: Given, person: Agent, appointment: UUID, said: Mark) -> AppointmentOut:
    """Mark an appointment as seen, missed (`noshow`) or called off by the service (`revoked`, which frees the seat)."""
    at: datetime = parts.clock()
    async with parts.pool.connection() as connection:
        return AppointmentOut.of(await attendance.mark(connection, person.account, appointment, said, at))


@router.post("/lieux", response_model=PlaceAdded, responses=documented(413), summary="Add a place")
async def add_place(parts: Given, person: Agent, wanted: NewPlace) -> PlaceAdded:
    """Add a place, or change the address of the one of this name."""
    async with parts.pool.connection() as connection:
        return PlaceAdded(id=await opening.add_place(connection, wanted))


@router.post("/creneaux", response_model=SlotsOpened, responses=documented(404, 413), summary="Open slots")
async def open_slots(parts: Given, person: Agent, wanted: Opening) -> SlotsOpened:
    """Open the slots of a day that do not exist yet; repeating it opens none."""
    async with parts.pool.connection() as connection:
        return SlotsOpened(opened=await opening.open_slots(connection, wanted))
