"""Decisions in batch, on the pages and in the API: a lot is asked for once, and shows what became of each dossier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from fastapi import APIRouter
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reference_app.database import Connection
from reference_app.dossiers.draft import field_errors
from reference_app.dossiers.pages import Typed, key_of
from reference_app.dossiers.states import DECIDED, State
from reference_app.errors import N_, FieldError
from reference_app.idempotency import Key
from reference_app.instruction import lots
from reference_app.instruction.lots import AT_ONCE, MOST, WHY, Lot, LotAsked
from reference_app.pages import fields_of, page, require_ours, see_other, sentence
from reference_app.parts import Given, Parts
from reference_app.problems import documented
from reference_app.sessions import Agent, Person

api = APIRouter(prefix="/api/v1/agent/lots", tags=["agents"], responses=documented(401, 403))
router = APIRouter(prefix="/agent/lots", include_in_schema=False)


class OutcomeOut(BaseModel):
    """What became of one dossier."""

    dossier_id: UUID
    receipt_number: str | None
    done: bool | None = Field(description="Null while it waits.")
    why: str | None = Field(description="Why it was not decided: forbidden, conflict, not-found.")


class LotOut(BaseModel):
    """A lot and what became of it."""

    id: UUID
    decision: State
    motivation: str
    asked_at: datetime
    done_at: datetime | None = Field(description="Null while some of it is left to do.")
    outcomes: list[OutcomeOut]


@api.post("", status_code=202, response_model=LotOut, responses=documented(413), summary="Decide on many")
async def ask(parts: Given, person: Agent, asked: LotAsked, key: Key) -> LotOut:
    """One decision for up to a hundred dossiers I have under review, each in a transaction of its own.

    Up to twenty are decided at once; of more, ask for the lot until it is done.
    """
    identifier = uuid5(NAMESPACE_URL, f"{person.account}/{key}")
    async with parts.pool.connection() as connection:
        return await _out(connection, await _made(connection, parts, person, identifier, asked))


@api.get("/{lot}", response_model=LotOut, responses=documented(404), summary="Read a lot")
async def read(parts: Given, person: Agent, lot: UUID) -> LotOut:
    """What became of a lot I asked for."""
    async with parts.pool.connection() as connection:
        return await _out(connection, await lots.read(connection, person.account, lot))


@router.post("/new")
async def new(request: Request, person: Agent) -> Response:
    """The form of a decision for those chosen in the queue."""
    typed, chosen = await _posted(request, person)
    return _form_page(request, typed, chosen, {} if chosen else {"dossiers": _NOBODY})


@router.post("")
async def decide(request: Request, parts: Given, person: Agent) -> Response:
    """Decide on them."""
    typed, chosen = await _posted(request, person)
    wanted = {name: typed[name] for name in ("decision", "motivation") if typed.get(name, "").strip()}
    try:
        asked = LotAsked.model_validate({**wanted, "dossiers": chosen})
    except ValidationError as error:
        return _form_page(request, typed, chosen, field_errors(error.errors()))
    identifier = UUID(key_of(typed))
    async with parts.pool.connection() as connection:
        await _made(connection, parts, person, identifier, asked)
    return see_other(f"/agent/lots/{identifier}")


@router.get("/{lot}")
async def show(request: Request, parts: Given, person: Agent, lot: UUID) -> Response:
    """What became of each."""
    async with parts.pool.connection() as connection:
        found = await lots.read(connection, person.account, lot)
        outcomes = await lots.outcomes(connection, lot)
    return page(request, "lot.html", lot=found, outcomes=outcomes, why=WHY)


_NOBODY = FieldError(N_("Choose one dossier at least, in the queue."))


async def _made(connection: Connection, parts: Parts, person: Person, identifier: UUID, asked: LotAsked) -> Lot:
    """A lot, worked off at once where it is small."""
    lot = await lots.make(connection, person.account, identifier, asked, parts.clock())
    if lot.done_at is None and len(asked.dossiers) <= AT_ONCE:
        await lots.work_off(connection, identifier, parts.clock())
        lot = await lots.read(connection, person.account, identifier)
    return lot


async def _out(connection: Connection, lot: Lot) -> LotOut:
    found = [
        OutcomeOut(dossier_id=o.dossier_id, receipt_number=o.receipt_number, done=o.done, why=o.why)
        for o in await lots.outcomes(connection, lot.id)
    ]
    return LotOut(
        id=lot.id,
        decision=State(lot.decision),
        motivation=lot.motivation,
        asked_at=lot.asked_at,
        done_at=lot.done_at,
        outcomes=found,
    )


async def _posted(request: Request, person: Person) -> tuple[dict[str, str], list[str]]:
    """The fields of a form of ours, and the dossiers chosen in it."""
    fields = await fields_of(request, MOST + 10)
    typed = dict(fields)
    require_ours(request, person, typed)
    return typed, [value for name, value in fields if name == "dossier"]


def _form_page(
    request: Request, typed: Typed, chosen: Sequence[str], errors: Mapping[str, FieldError] = MappingProxyType({})
) -> Response:
    said = {name: sentence(request, e.message, **e.values) for name, e in errors.items()}
    return page(
        request,
        "lot_new.html",
        422 if said else 200,
        chosen=chosen,
        decisions=[state for state in State if state in DECIDED],
        key=typed.get("key") or str(uuid4()),
        typed=typed,
        errors=said,
    )
