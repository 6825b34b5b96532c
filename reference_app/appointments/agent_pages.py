"""The agents' pages: the day's list, and opening places and slots."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from uuid import UUID

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reference_app.appointments import attendance, availability, opening
from reference_app.appointments.agent_api import Since
from reference_app.appointments.attendance import Mark
from reference_app.appointments.availability import by_appointment
from reference_app.appointments.days import YEARS, day_of
from reference_app.appointments.opening import NewPlace, Opening
from reference_app.database import Connection
from reference_app.dossiers.draft import field_errors
from reference_app.errors import FieldError, Forbidden
from reference_app.pages import NOT_OURS, page, posted, see_other, sentence
from reference_app.parts import Given, parts_of
from reference_app.procedure import BY_APPOINTMENT
from reference_app.sessions import Agent

Typed = Mapping[str, str]
_NOTHING: Mapping[str, FieldError] = MappingProxyType({})
_EMPTY: Typed = MappingProxyType({})

router = APIRouter(prefix="/agent", include_in_schema=False)


@router.get("/rendez-vous")
async def expected(
    request: Request,
    parts: Given,
    person: Agent,
    procedure: str = "",
    lieu: str = "",
    day: str = "",
    since: Since = None,
) -> Response:
    """Who is expected at a place on a day; today at the first place unless something else was chosen."""
    known = by_appointment(procedure if procedure else next(iter(BY_APPOINTMENT)))
    today = day_of(parts.clock())
    chosen = _day(day, today)
    async with parts.pool.connection() as connection:
        places = await availability.places(connection, known, parts.clock())
        where = next((p for p in places if str(p.id) == lieu), places[0] if places else None)
        found, following = (
            await attendance.expected(connection, known, where.id, chosen, since) if where is not None else ([], None)
        )
    return page(
        request,
        "expected.html",
        procedure=known,
        procedures=BY_APPOINTMENT.values(),
        places=places,
        place=where,
        day=chosen,
        today=today,
        appointments=found,
        following=following,
        now=parts.clock(),
    )


@router.post("/rendez-vous/{appointment}/mark")
async def mark(request: Request, parts: Given, person: Agent, appointment: UUID) -> Response:
    """Say whether a person came, and go back to the list of that day."""
    typed = await posted(request, person)
    try:
        said = Mark.model_validate({"state": typed.get("state", "")})
    except ValidationError:
        raise Forbidden(NOT_OURS) from None
    async with parts.pool.connection() as connection:
        done = await attendance.mark(connection, person.account, appointment, said, parts.clock())
    day = day_of(done.starts_at).isoformat()
    return see_other(f"/agent/rendez-vous?procedure={done.procedure}&lieu={done.lieu}&day={day}#{done.reference}")


@router.get("/creneaux")
async def openings(request: Request, parts: Given, person: Agent, opened: int = -1) -> Response:
    """The forms that open places and slots."""
    async with parts.pool.connection() as connection:
        return await _openings(request, connection, opened=opened)


@router.post("/lieux")
async def add_place(request: Request, parts: Given, person: Agent) -> Response:
    """Add a place."""
    typed = await posted(request, person)
    async with parts.pool.connection() as connection:
        try:
            wanted = NewPlace.model_validate({name: typed.get(name, "") for name in NewPlace.model_fields})
        except ValidationError as error:
            return await _openings(request, connection, typed, field_errors(error.errors()))
        await opening.add_place(connection, wanted)
    return see_other("/agent/creneaux")


@router.post("/creneaux")
async def open_slots(request: Request, parts: Given, person: Agent) -> Response:
    """Open slots."""
    typed = await posted(request, person)
    async with parts.pool.connection() as connection:
        try:
            wanted = Opening.model_validate({name: typed.get(name, "") for name in Opening.model_fields})
        except ValidationError as error:
            errors = field_errors(error.errors())
            # What concerns the form as a whole is said at its end time.
            return await _openings(request, connection, typed, {n if n else "end": e for n, e in errors.items()})
        opened = await opening.open_slots(connection, wanted)
    return see_other(f"/agent/creneaux?opened={opened}")


async def _openings(
    request: Request,
    connection: Connection,
    typed: Typed = _EMPTY,
    errors: Mapping[str, FieldError] = _NOTHING,
    opened: int = -1,
) -> Response:
    now = parts_of(request).clock()
    places = await availability.places(connection, next(iter(BY_APPOINTMENT.values())), now)
    usual = {"day": day_of(now).isoformat(), "begin": "09:00", "end": "17:00", "minutes": "15", "capacity": "4"}
    names = (*NewPlace.model_fields, *Opening.model_fields)
    return page(
        request,
        "openings.html",
        422 if errors else 200,
        procedures=BY_APPOINTMENT.values(),
        places=places,
        values={name: typed.get(name, usual.get(name, "")) for name in names},
        errors={name: sentence(request, e.message, **e.values) for name, e in errors.items()},
        opened=opened,
    )


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if day.year in YEARS else today
