"""Pages of advice: asking for it, giving it as a colleague, giving it from outside with a code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID, uuid4

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reference_app import idempotency
from reference_app.database import Connection
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.draft import field_errors
from reference_app.dossiers.pages import Typed, key_of
from reference_app.errors import FieldError, Invalid
from reference_app.instruction import advice, decisions
from reference_app.instruction.advice import OPINIONS, Advice, Given, Question
from reference_app.instruction.advice_api import ask_once
from reference_app.pages import fields_of, page, posted, require_ours, see_other, sentence, typed_in
from reference_app.parts import Given as GivenParts
from reference_app.sessions import Agent, Person

router = APIRouter(prefix="/agent", include_in_schema=False)
outside = APIRouter(prefix="/avis", include_in_schema=False)
_NONE: Mapping[str, FieldError] = MappingProxyType({})


@router.get("/dossiers/{dossier}/avis")
async def new(request: Request, parts: GivenParts, person: Agent, dossier: UUID) -> Response:
    """The form with which advice is asked."""
    async with parts.pool.connection() as connection:
        return await _ask_page(request, connection, person, dossier, {"days": "15"}, ())


@router.post("/dossiers/{dossier}/avis")
async def ask(request: Request, parts: GivenParts, person: Agent, dossier: UUID) -> Response:
    """Ask."""
    fields = await fields_of(request)
    typed = dict(fields)
    shown = tuple(value for name, value in fields if name == "shown")
    require_ours(request, person, typed)
    wanted = {name: typed[name] for name in ("expert", "question", "days") if typed.get(name, "").strip()}
    async with parts.pool.connection() as connection:
        try:
            question = Question.model_validate({**wanted, "shown": shown})
            digest = idempotency.digest(f"POST {request.url.path}", question.model_dump_json().encode())
            await ask_once(request, connection, person.account, dossier, question, key_of(typed), digest)
        except ValidationError as error:
            wrong = field_errors(error.errors())
            return await _ask_page(request, connection, person, dossier, typed, shown, wrong)
        except Invalid as error:
            return await _ask_page(request, connection, person, dossier, typed, shown, error.fields)
    return see_other(f"/agent/dossiers/{dossier}")


@router.get("/avis")
async def asked_of_me(request: Request, parts: GivenParts, person: Agent) -> Response:
    """What I am asked."""
    async with parts.pool.connection() as connection:
        found = await advice.asked_of(connection, person.account, parts.clock())
    return page(request, "advice_asked.html", asked=found)


@router.get("/avis/{avis}")
async def read(request: Request, parts: GivenParts, person: Agent, avis: UUID) -> Response:
    """One of them: the question, what I am shown, the form to answer."""
    async with parts.pool.connection() as connection:
        found = await advice.for_agent(connection, person.account, avis, parts.clock())
        return _give_page(request, found, await advice.extract(connection, found))


@router.post("/avis/{avis}")
async def answer(request: Request, parts: GivenParts, person: Agent, avis: UUID) -> Response:
    """Answer it."""
    typed = await posted(request, person)
    at = parts.clock()
    async with parts.pool.connection() as connection:
        found = await advice.for_agent(connection, person.account, avis, at)
        try:
            given = _given(typed)
        except ValidationError as error:
            shown = await advice.extract(connection, found)
            return _give_page(request, found, shown, typed, field_errors(error.errors()))
        await advice.answer(connection, found, given, at)
    return see_other("/agent/avis")


@outside.get("/{avis}")
async def door(request: Request, avis: UUID) -> Response:
    """Where the code is asked for; the page says nothing of whether there is such an advice."""
    return _door_page(request, avis)


@outside.post("/{avis}")
async def come_in(request: Request, parts: GivenParts, avis: UUID) -> Response:
    """With the code: the question, what is shown, the form to answer."""
    typed = await typed_in(request)
    async with parts.pool.connection() as connection:
        try:
            found = await advice.for_code(connection, avis, typed.get("code", ""), parts.clock())
        except Invalid as error:
            return _door_page(request, avis, typed.get("code", ""), error.fields)
        return _give_page(request, found, await advice.extract(connection, found), {"code": typed["code"]})


@outside.post("/{avis}/answer")
async def answer_outside(request: Request, parts: GivenParts, avis: UUID) -> Response:
    """Answer from outside; the code is used up by it."""
    typed = await typed_in(request)
    at = parts.clock()
    async with parts.pool.connection() as connection:
        try:
            found = await advice.for_code(connection, avis, typed.get("code", ""), at)
        except Invalid as error:
            return _door_page(request, avis, typed.get("code", ""), error.fields)
        try:
            given = _given(typed)
        except ValidationError as error:
            shown = await advice.extract(connection, found)
            return _give_page(request, found, shown, typed, field_errors(error.errors()))
        await advice.answer(connection, found, given, at)
    return page(request, "advice_thanks.html")


def _given(typed: Typed) -> Given:
    return Given.model_validate({name: typed[name] for name in Given.model_fields if typed.get(name, "").strip()})


def _said(request: Request, errors: Mapping[str, FieldError]) -> dict[str, str]:
    return {name: sentence(request, e.message, **e.values) for name, e in errors.items()}


def _door_page(request: Request, avis: UUID, typed: str = "", errors: Mapping[str, FieldError] = _NONE) -> Response:
    said = _said(request, errors)
    return page(request, "advice_door.html", 422 if said else 200, avis=avis, typed=typed, errors=said)


def _give_page(
    request: Request,
    asked: Advice,
    dossier: Dossier,
    typed: Typed = MappingProxyType({}),
    errors: Mapping[str, FieldError] = _NONE,
) -> Response:
    said = _said(request, errors)
    status = 422 if said else 200
    return page(
        request, "advice_give.html", status, asked=asked, dossier=dossier, opinions=OPINIONS, typed=typed, errors=said
    )


async def _ask_page(
    request: Request,
    connection: Connection,
    person: Person,
    dossier: UUID,
    typed: Typed,
    shown: tuple[str, ...],
    errors: Mapping[str, FieldError] = _NONE,
) -> Response:
    found = await decisions.read(connection, person.account, dossier)
    said = _said(request, errors)
    return page(
        request,
        "advice_ask.html",
        422 if said else 200,
        dossier=found,
        typed=typed,
        shown=shown,
        key=str(uuid4()),
        errors=said,
    )
