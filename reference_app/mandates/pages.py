"""The pages of the counter: mandates, and what is done within one."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app import idempotency
from reference_app.database import Connection
from reference_app.dossiers import filing
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.draft import answers_of, from_form
from reference_app.dossiers.pages import Typed, as_typed, form_page, key_of
from reference_app.dossiers.schemas import DossierOut
from reference_app.dossiers.states import State, require_in
from reference_app.errors import FieldError, Invalid, KeyReused
from reference_app.mandates import codes
from reference_app.mandates import mandate as mandates
from reference_app.mandates.api import create_once, file_once
from reference_app.mandates.forms import Form, checked, once, said
from reference_app.mandates.mandate import Continuing, Mandate, Opening
from reference_app.pages import page, posted, see_other
from reference_app.parts import Given, parts_of
from reference_app.pieces import shown as pieces
from reference_app.procedure import OFFERED, PROCEDURES
from reference_app.sessions import Agent, Person
from reference_app.sources.pages import require_key
from reference_app.sources.prefill import prefill

router = APIRouter(prefix="/agent/mandats", include_in_schema=False)

NOTHING: Mapping[str, Any] = MappingProxyType({})


@router.get("")
async def list_mine(request: Request, parts: Given, person: Agent) -> Response:
    """My mandates, and the forms that open one."""
    async with parts.pool.connection() as connection:
        return await _list(request, connection, person)


@router.post("")
async def open_(request: Request, parts: Given, person: Agent) -> Response:
    """Open a mandate of a new person."""

    async def made(connection: Connection, opening: Opening) -> UUID:
        return (await mandates.open_(connection, person.account, opening, parts.clock())).id

    return await _opened(request, person, Opening, made)


@router.post("/continue")
async def go_on(request: Request, parts: Given, person: Agent) -> Response:
    """Open a mandate for the dossier whose code the person shows."""

    async def made(connection: Connection, continuing: Continuing) -> UUID:
        return (await mandates.go_on(connection, person.account, continuing, parts.clock())).id

    return await _opened(request, person, Continuing, made)


@router.get("/{mandat}")
async def read(request: Request, parts: Given, person: Agent, mandat: UUID) -> Response:
    """A mandate, what it is about, and what may be done; once it has ended, that it has."""
    async with parts.pool.connection() as connection:
        return await _page(request, connection, person, mandat)


@router.post("/{mandat}/end")
async def end(request: Request, parts: Given, person: Agent, mandat: UUID) -> Response:
    """End a mandate."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await mandates.end(connection, person.account, mandat, parts.clock())
    return see_other("/agent/mandats")


@router.get("/{mandat}/new")
async def new(request: Request, parts: Given, person: Agent, mandat: UUID) -> Response:
    """An empty form."""
    async with parts.pool.connection() as connection:
        held = await mandates.holding(connection, person.account, mandat, parts.clock())
    return _form(request, mandat, "new", held.procedure, {"key": str(uuid4())})


@router.post("/{mandat}/new")
async def create(request: Request, parts: Given, person: Agent, mandat: UUID) -> Response:
    """Keep a new draft."""
    typed = await posted(request, person)
    async with parts.pool.connection() as connection:
        held = await mandates.holding(connection, person.account, mandat, parts.clock())
        try:
            require_key(PROCEDURES[held.procedure], typed)
            answers = answers_of(from_form(PROCEDURES[held.procedure], typed))
        except Invalid as error:
            return _form(request, mandat, "new", held.procedure, typed, 422, error.fields)
        digest = idempotency.digest(f"POST {request.url.path}", json.dumps(answers, sort_keys=True).encode())
        try:
            done = await create_once(request, connection, person, held, answers, key_of(typed), digest)
        except KeyReused as error:
            again = {**typed, "key": str(uuid4())}
            return _form(request, mandat, "new", held.procedure, again, error.status, trouble="again")
    return await _saved(request, held, DossierOut.model_validate_json(done.body).id, typed)


@router.get("/{mandat}/dossiers/{dossier}")
async def examine(request: Request, parts: Given, person: Agent, mandat: UUID, dossier: UUID) -> Response:
    """A dossier of the person, to read over together."""
    async with parts.pool.connection() as connection:
        return await _dossier(request, connection, person, mandat, dossier)


@router.get("/{mandat}/dossiers/{dossier}/edit")
async def edit(request: Request, parts: Given, person: Agent, mandat: UUID, dossier: UUID) -> Response:
    """Its form."""
    async with parts.pool.connection() as connection:
        held = await mandates.holding(connection, person.account, mandat, parts.clock())
        mandates.require_covers(held, dossier)
        found = await filing.read(connection, held.account_id, dossier)
    require_in(found.state, State.BROUILLON, State.EN_CONSTRUCTION)
    return _form(request, mandat, f"dossiers/{dossier}/edit", held.procedure, as_typed(found), dossier=found)


@router.post("/{mandat}/dossiers/{dossier}/edit")
async def save(request: Request, parts: Given, person: Agent, mandat: UUID, dossier: UUID) -> Response:
    """Keep that form."""
    typed = await posted(request, person)
    async with parts.pool.connection() as connection:
        held = await mandates.holding(connection, person.account, mandat, parts.clock())
        mandates.require_covers(held, dossier)
        try:
            require_key(PROCEDURES[held.procedure], typed)
            answers = answers_of(from_form(PROCEDURES[held.procedure], typed))
            await filing.save(
                connection, held.account_id, dossier, held.procedure, answers, parts.clock(), by=person.account
            )
        except Invalid as error:
            return _form(request, mandat, f"dossiers/{dossier}/edit", held.procedure, typed, 422, error.fields)
    return await _saved(request, held, dossier, typed)


@router.post("/{mandat}/dossiers/{dossier}/file")
async def file(request: Request, parts: Given, person: Agent, mandat: UUID, dossier: UUID) -> Response:
    """File it; what is missing is shown in its form."""
    typed = await posted(request, person)
    async with parts.pool.connection() as connection:
        held = await mandates.holding(connection, person.account, mandat, parts.clock())
        digest = idempotency.digest(f"POST {request.url.path}", b"")
        try:
            await file_once(request, connection, person, held, dossier, key_of(typed), digest)
        except Invalid as error:
            draft = await filing.read(connection, held.account_id, dossier)
            if pieces.only(draft, error.fields):
                back = f"/agent/mandats/{mandat}/dossiers/{dossier}"
                return await pieces.pieces_page(request, connection, draft, back, error.fields, 422)
            place = f"dossiers/{dossier}/edit"
            return _form(request, mandat, place, held.procedure, as_typed(draft), 422, error.fields)
    return see_other(f"/agent/mandats/{mandat}/dossiers/{dossier}")


@router.post("/{mandat}/dossiers/{dossier}/code")
async def hand_out(request: Request, parts: Given, person: Agent, mandat: UUID, dossier: UUID) -> Response:
    """A code for the person to take home, shown once."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        held = await mandates.holding(connection, person.account, mandat, parts.clock())
        mandates.require_covers(held, dossier)
        code = await codes.issue(connection, held.account_id, dossier, parts.clock())
    return page(request, "code.html", code=code, days=codes.KEPT_D, back=f"/agent/mandats/{mandat}", counter=True)


async def _opened(
    request: Request, person: Person, form: type[Form], make: Callable[[Connection, Form], Awaitable[UUID]]
) -> Response:
    """A mandate that one of the forms opens: one, however often the form is sent."""
    typed = await posted(request, person)
    async with parts_of(request).pool.connection() as connection:
        try:
            wanted = checked(form, typed)
            made = await once(request, connection, person, typed, wanted, lambda: make(connection, wanted))
        except Invalid as error:
            return await _list(request, connection, person, typed, error.fields)
    return see_other(f"/agent/mandats/{made}")


async def _list(
    request: Request,
    connection: Connection,
    person: Person,
    typed: Typed = NOTHING,
    errors: Mapping[str, FieldError] = NOTHING,
) -> Response:
    return page(
        request,
        "mandates.html",
        422 if errors else 200,
        mandates=await mandates.of_agent(connection, person.account),
        now=parts_of(request).clock(),
        offered=tuple(OFFERED.values()),
        keys=(str(uuid4()), str(uuid4())),
        typed=typed,
        errors=said(request, errors),
    )


async def _page(request: Request, connection: Connection, person: Person, mandat: UUID) -> Response:
    found = await mandates.read(connection, person.account, mandat)
    holds = found.holds(parts_of(request).clock())
    about = await mandates.dossiers(connection, found) if holds else []
    return page(
        request,
        "mandate.html",
        mandate=found,
        holds=holds,
        dossiers=about,
        about=PROCEDURES[found.procedure],
        at_counter=await mandates.at_counter(connection, found),
    )


async def _dossier(request: Request, connection: Connection, person: Person, mandat: UUID, dossier: UUID) -> Response:
    held = await mandates.holding(connection, person.account, mandat, parts_of(request).clock())
    mandates.require_covers(held, dossier)
    found = await filing.read(connection, held.account_id, dossier)
    return page(
        request,
        "counter_dossier.html",
        mandate=held,
        dossier=found,
        pieces=await pieces.by_name(connection, found),
        opened_unscanned=parts_of(request).settings.unscanned_pieces == "open",
        key=str(uuid4()),
    )


def _form(
    request: Request,
    mandat: UUID,
    place: str,
    procedure: str,
    values: Typed,
    status: int = 200,
    errors: Mapping[str, FieldError] = NOTHING,
    dossier: Dossier | None = None,
    trouble: str = "",
) -> Response:
    action, back = f"/agent/mandats/{mandat}/{place}", f"/agent/mandats/{mandat}"
    sent = dossier is not None and dossier.state is not State.BROUILLON
    told: dict[str, str | bool] = {"back": back, "sent": sent, "counter": True, "trouble": trouble}
    return form_page(request, action, PROCEDURES[procedure], values, status, errors, dossier, **told)


async def _saved(request: Request, held: Mandate, dossier: UUID, typed: Typed) -> Response:
    """The dossier that was kept; its form again when its person wants a source to be asked.

    Only sources that are asked by an answer: what is known of the person takes their own signing in.
    """
    at = f"/agent/mandats/{held.id}/dossiers/{dossier}"
    if "find" not in typed:
        return see_other(at)
    await prefill(parts_of(request), held.account_id, dossier, typed["find"])
    return see_other(f"{at}/edit#sources")
