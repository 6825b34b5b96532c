"""The agents' page: open a waiting room for an opening, see how long its line is, close it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reference_app.appointments.availability import by_appointment
from reference_app.appointments.days import Day, day_of
from reference_app.appointments.opening import whole
from reference_app.dossiers.draft import field_errors
from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.errors import N_, FieldError
from reference_app.pages import page, posted, see_other, sentence
from reference_app.parts import Given, parts_of
from reference_app.procedure import BY_APPOINTMENT, Procedure
from reference_app.sessions import Agent
from reference_app.waiting_room.room import MOST_PER_MINUTE, Rule, close_room, open_room

PAST = N_("Choose today or a later day.")
_NOTHING: Mapping[str, FieldError] = MappingProxyType({})
_EMPTY: Mapping[str, str] = MappingProxyType({})

router = APIRouter(prefix="/agent/salle-attente", include_in_schema=False)


class Wanted(BaseModel):
    """What the form holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: Day
    at: time
    per_minute: Annotated[int, whole(1, MOST_PER_MINUTE)]
    minutes: Annotated[int, whole(1, 60)] = Field(description="How long a turn lasts.")

    def rule(self) -> Rule:
        """The rule this makes, at legal time."""
        opens_at = datetime.combine(self.day, self.at.replace(tzinfo=None), LEGAL_TIME)
        return Rule(opens_at=opens_at, per_minute=self.per_minute, minutes=self.minutes)


@router.get("")
async def rooms(request: Request, parts: Given, person: Agent) -> Response:
    """The procedures by appointment, and the room of each."""
    if parts.settings.waiting_room:
        await parts.door.sync()
    return _rooms(request, [*BY_APPOINTMENT.values()])


@router.get("/{procedure}")
async def room(request: Request, parts: Given, person: Agent, procedure: str) -> Response:
    """One procedure, with the form that opens a room."""
    return _rooms(request, [by_appointment(procedure)])


@router.post("/{procedure}")
async def open_one(request: Request, parts: Given, person: Agent, procedure: str) -> Response:
    """Open a room, in place of the one there was."""
    known = by_appointment(procedure)
    typed = await posted(request, person)
    try:
        wanted = Wanted.model_validate({name: typed.get(name, "") for name in Wanted.model_fields})
    except ValidationError as error:
        return _rooms(request, [known], typed, field_errors(error.errors()))
    if wanted.day < day_of(parts.clock()):
        return _rooms(request, [known], typed, {"day": FieldError(PAST)})
    async with parts.pool.connection() as connection:
        await open_room(connection, person.account, known.id, wanted.rule())
    return see_other("/agent/salle-attente")


@router.post("/{procedure}/close")
async def close_one(request: Request, parts: Given, person: Agent, procedure: str) -> Response:
    """Close a room: everybody may come in."""
    known = by_appointment(procedure)
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await close_room(connection, known.id)
    return see_other("/agent/salle-attente")


def _rooms(
    request: Request,
    procedures: Sequence[Procedure],
    typed: Mapping[str, str] = _EMPTY,
    errors: Mapping[str, FieldError] = _NOTHING,
) -> Response:
    parts = parts_of(request)
    usual = {"day": day_of(parts.clock()).isoformat(), "at": "09:00", "per_minute": "600", "minutes": "10"}
    return page(
        request,
        "waiting_rooms.html",
        422 if errors else 200,
        enabled=parts.settings.waiting_room,
        procedures=procedures,
        lines=parts.door.lines,
        values={name: typed.get(name, usual[name]) for name in Wanted.model_fields},
        errors={name: sentence(request, e.message, **e.values) for name, e in errors.items()},
    )
