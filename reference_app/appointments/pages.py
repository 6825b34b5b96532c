"""The person's pages: place, day, time, name, confirmation; then moving and cancelling. Plain links and forms."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from markupsafe import Markup
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reference_app import idempotency, language
from reference_app.appointments import availability, booking
from reference_app.appointments.api import book_once, require_turn_for
from reference_app.appointments.availability import Slot, by_appointment
from reference_app.appointments.booking import Booking
from reference_app.appointments.days import day_of
from reference_app.appointments.schemas import AppointmentOut
from reference_app.appointments.shown import Times
from reference_app.database import AWAY
from reference_app.dossiers.draft import SENTENCES, field_errors
from reference_app.errors import (
    AlreadyBooked,
    Conflict,
    FieldError,
    Forbidden,
    KeyReused,
    NotYourTurn,
    SlotFull,
    Unavailable,
)
from reference_app.language import Language
from reference_app.pages import NOT_OURS, page, posted, require_ours, see_other, sentence, typed_in
from reference_app.parts import Given, Parts, parts_of
from reference_app.procedure import PROCEDURES
from reference_app.sessions import Citizen, current, require_role
from reference_app.waiting_room.gate import IN_TURN

OTHERS_SHOWN = 8
LISTED = 20
Typed = Mapping[str, str]
Moving = Annotated[UUID | None, Query(description="Appointment to move to a time chosen here.")]

router = APIRouter(include_in_schema=False)


@router.get("/procedures/{procedure}", dependencies=[IN_TURN])
async def places(request: Request, parts: Given, procedure: str, move: Moving = None) -> Response:
    """Choose a place."""
    known = by_appointment(procedure)
    return page(request, "places.html", procedure=known, places=await parts.shown.places(known), move=move)


@router.get("/procedures/{procedure}/lieux/{lieu}", dependencies=[IN_TURN])
async def times(
    request: Request, parts: Given, procedure: str, lieu: UUID, day: str = "", move: Moving = None
) -> Response:
    """Choose a day and a time; without a day, the first with a free seat is shown."""
    known = by_appointment(procedure)
    shown = await parts.shown.times(known, lieu, day)
    listing = _listing(parts, shown, language.wanted(request), move)
    return page(request, "times.html", procedure=known, place=shown.place, listing=listing, move=move)


@router.get("/creneaux/{creneau}")
async def form(request: Request, parts: Given, person: Citizen, creneau: UUID) -> Response:
    """The form of a booking, with the name the person signed in with."""
    typed = {"creneau": str(creneau), "name": person.name, "key": str(uuid4())}
    return await _form(request, creneau, typed)


@router.post("/creneaux/{creneau}")
async def book(request: Request, parts: Given, creneau: UUID) -> Response:
    """Book; whatever goes wrong, the form comes back with all that was typed."""
    typed = await typed_in(request)
    person = current(request)
    if person is None:
        return await _form(request, creneau, typed, 401, trouble="session", token=typed.get("token", ""))
    require_role(person, "citizen")
    require_ours(request, person, typed)
    try:
        named = {"creneau": str(_identifier(typed.get("creneau", ""), creneau))}
        wanted = Booking.model_validate({name: typed.get(name, "") for name in Booking.model_fields} | named)
    except ValidationError as error:
        return await _form(request, creneau, typed, 422, errors=field_errors(error.errors()))
    digest = idempotency.digest("POST /creneaux", wanted.model_dump_json().encode())
    try:
        async with parts.pool.connection() as connection:
            await require_turn_for(request, connection, wanted.creneau)
            answer = await book_once(request, connection, person.account, wanted, _key(typed), digest)
    except NotYourTurn as error:
        return await _form(request, creneau, typed, error.status, trouble="line")
    except SlotFull:
        # The key was not kept with the refusal: it serves for the time chosen next.
        if not typed.get("creneau"):  # of the times offered instead, none was chosen
            return await _form(request, creneau, typed, 422, {"creneau": FieldError(SENTENCES["uuid_parsing"])}, "full")
        return await _form(request, creneau, typed, SlotFull.status, trouble="full")
    except KeyReused:
        again = {**typed, "key": str(uuid4())}
        return await _form(request, creneau, again, AlreadyBooked.status, trouble="already")
    except AlreadyBooked:
        return await _form(request, creneau, typed, AlreadyBooked.status, trouble="already")
    except Conflict:
        return await _form(request, creneau, typed, Conflict.status, trouble="past")
    except AWAY:
        response = await _form(request, creneau, typed, Unavailable.status, trouble="busy")
        response.headers["Retry-After"] = str(Unavailable.retry_after_s)
        return response
    return see_other(f"/rendez-vous/{AppointmentOut.model_validate_json(answer.body).id}")


@router.get("/rendez-vous")
async def list_mine(request: Request, parts: Given, person: Citizen) -> Response:
    """My appointments."""
    async with parts.pool.connection() as connection:
        found = await booking.of_account(connection, person.account, LISTED)
    return page(request, "appointments.html", appointments=found, procedures=PROCEDURES)


@router.get("/rendez-vous/{appointment}")
async def read(request: Request, parts: Given, person: Citizen, appointment: UUID) -> Response:
    """One appointment: when, where, what to bring."""
    async with parts.pool.connection() as connection:
        found = await booking.read(connection, person.account, appointment)
    known = by_appointment(found.procedure)
    changeable = found.state == "unknown" and found.starts_at > parts.clock()
    return page(request, "appointment.html", procedure=known, appointment=found, changeable=changeable)


@router.get("/rendez-vous/{appointment}/move")
async def ask_move(request: Request, parts: Given, person: Citizen, appointment: UUID, creneau: UUID) -> Response:
    """Both times side by side, before moving."""
    async with parts.pool.connection() as connection:
        found = await booking.read(connection, person.account, appointment)
        slot = await availability.slot(connection, creneau)
        where = await availability.place(connection, slot.lieu)
    known = by_appointment(found.procedure)
    return page(request, "move.html", procedure=known, appointment=found, slot=slot, place=where)


@router.post("/rendez-vous/{appointment}/move")
async def move(request: Request, parts: Given, person: Citizen, appointment: UUID) -> Response:
    """Move."""
    typed = await posted(request, person)
    try:
        creneau = UUID(typed.get("creneau", ""))
    except ValueError:
        raise Forbidden(NOT_OURS) from None
    async with parts.pool.connection() as connection:
        await booking.move(connection, person.account, appointment, creneau, parts.clock())
    return see_other(f"/rendez-vous/{appointment}")


@router.get("/rendez-vous/{appointment}/cancel")
async def ask_cancel(request: Request, parts: Given, person: Citizen, appointment: UUID) -> Response:
    """A last question before cancelling."""
    async with parts.pool.connection() as connection:
        found = await booking.read(connection, person.account, appointment)
    return page(request, "cancel.html", procedure=by_appointment(found.procedure), appointment=found)


@router.post("/rendez-vous/{appointment}/cancel")
async def cancel(request: Request, parts: Given, person: Citizen, appointment: UUID) -> Response:
    """Cancel."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await booking.cancel(connection, person.account, appointment, parts.clock())
    return see_other(f"/rendez-vous/{appointment}")


async def _form(
    request: Request,
    creneau: UUID,
    typed: Typed,
    status: int = 200,
    errors: Mapping[str, FieldError] = MappingProxyType({}),
    trouble: str = "",
    **context: object,
) -> Response:
    """The form of a booking. When its time is gone, it offers the nearest others instead."""
    parts, person = parts_of(request), current(request)
    creneau = _identifier(typed.get("creneau", ""), creneau)
    slot, others, where, held = None, list[Slot](), None, None
    if trouble != "busy":
        async with parts.pool.connection() as connection:
            slot = await availability.slot(connection, creneau)
            known = by_appointment(slot.procedure)
            where = await availability.place(connection, slot.lieu)
            if slot.free == 0 and not trouble:
                trouble = "full"
            if trouble in ("full", "past"):
                found = await availability.slots(connection, known, slot.lieu, day_of(slot.starts_at), parts.clock())
                others = _nearest(found, slot)
            if trouble == "already" and person is not None:
                held = await booking.live(connection, person.account, slot.procedure)
        context["procedure"] = known
    said = {name: sentence(request, e.message, **e.values) for name, e in errors.items()}
    shown = {name: typed.get(name, "") for name in ("creneau", "name", "note", "key")}
    return page(
        request,
        "booking.html",
        status,
        action=f"/creneaux/{creneau}",
        slot=slot,
        place=where,
        others=others,
        held=held,
        values=shown,
        errors=said,
        trouble=trouble,
        **context,
    )


def _listing(parts: Parts, shown: Times, spoken: Language, move: UUID | None) -> Markup:
    """The list of times as text: written once for all who look at the same moment and move no appointment."""
    if move is None and spoken in shown.written:
        return shown.written[spoken]
    context = {"days": shown.days, "chosen": shown.chosen, "slots": shown.slots, "move": move}
    text = parts.renderer.render("times_list.html", spoken, context)
    listing = Markup(text)  # noqa: S704  # nosec B704 (a template of ours escaped all it shows)
    if move is None:
        shown.written[spoken] = listing
    return listing


def _identifier(text: str, otherwise: UUID) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return otherwise


def _nearest(slots: list[Slot], to: Slot) -> list[Slot]:
    free = sorted((s for s in slots if s.free > 0), key=lambda s: abs(s.starts_at - to.starts_at))
    return sorted(free[:OTHERS_SHOWN], key=lambda s: s.starts_at)


def _key(typed: Typed) -> str:
    try:
        return str(UUID(typed.get("key", "")))
    except ValueError:
        raise Forbidden(NOT_OURS) from None
