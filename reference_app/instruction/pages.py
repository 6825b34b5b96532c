"""The agents' pages: queue, dossier, decision."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID, uuid4

from fastapi import APIRouter
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reference_app.database import Connection
from reference_app.dossiers import corrections, messages
from reference_app.dossiers import repository as dossiers
from reference_app.dossiers.api import After
from reference_app.dossiers.corrections import Reason
from reference_app.dossiers.draft import field_errors
from reference_app.dossiers.pages import Typed
from reference_app.dossiers.schemas import receipt_of
from reference_app.dossiers.states import DECIDED, State
from reference_app.instruction import decisions, repository
from reference_app.instruction.api import Mine, QueueState
from reference_app.instruction.decisions import Decision
from reference_app.pages import page, posted, see_other, sentence
from reference_app.parts import Given, parts_of, speaker
from reference_app.sessions import Agent, Person

PAGE_SIZE = 20
Form = TypeVar("Form", bound=BaseModel)

router = APIRouter(prefix="/agent/dossiers", include_in_schema=False)


@router.get("")
async def queue(
    request: Request,
    parts: Given,
    person: Agent,
    state: QueueState = State.EN_CONSTRUCTION,
    mine: Mine = False,
    after: After = None,
) -> Response:
    """The queue."""
    async with parts.pool.connection() as connection:
        agent = person.account if mine else None
        found = await repository.queue(connection, state, agent, after, PAGE_SIZE + 1)
    following = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None
    return page(
        request, "queue.html", dossiers=found[:PAGE_SIZE], following=following, state=state, mine=mine, empty=False
    )


@router.post("/claim-next")
async def claim_next(request: Request, parts: Given, person: Agent) -> Response:
    """Take the oldest waiting dossier."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        claimed = await decisions.claim_next(connection, person.account, parts.clock())
    if claimed is None:
        return page(
            request, "queue.html", dossiers=[], following=None, state=State.EN_CONSTRUCTION, mine=False, empty=True
        )
    return see_other(f"/agent/dossiers/{claimed.id}")


@router.get("/{dossier}")
async def read(request: Request, parts: Given, person: Agent, dossier: UUID) -> Response:
    """A filed dossier, with the form of the decision for the agent who took it."""
    async with parts.pool.connection() as connection:
        return await _page(request, connection, person, dossier, typed={}, errors={})


@router.post("/{dossier}/decision")
async def decide(request: Request, parts: Given, person: Agent, dossier: UUID) -> Response:
    """Decide."""

    async def decided(connection: Connection, decision: Decision, _: Typed) -> None:
        await decisions.decide(connection, person.account, dossier, decision, parts.clock())

    return await carried_out(request, person, dossier, Decision, decided)


async def carried_out(
    request: Request,
    person: Person,
    dossier: UUID,
    form: type[Form],
    effect: Callable[[Connection, Form, Typed], Awaitable[None]],
) -> Response:
    """Do what a form of an agent asks, and show the dossier; what cannot be kept comes back beside its field.

    ``effect`` gets what was typed, checked, and all that was sent with it.
    """
    typed = await posted(request, person)
    async with parts_of(request).pool.connection() as connection:
        try:
            wanted = form.model_validate({k: typed[k] for k in form.model_fields if typed.get(k, "").strip()})
        except ValidationError as error:
            said = {n: sentence(request, e.message, **e.values) for n, e in field_errors(error.errors()).items()}
            return await _page(request, connection, person, dossier, typed=typed, errors=said)
        await effect(connection, wanted, typed)
    return see_other(f"/agent/dossiers/{dossier}")


async def _page(
    request: Request,
    connection: Connection,
    person: Person,
    dossier: UUID,
    *,
    typed: dict[str, str],
    errors: dict[str, str],
) -> Response:
    found = await decisions.read(connection, dossier)
    return page(
        request,
        "agent_dossier.html",
        422 if errors else 200,
        dossier=found,
        receipt=receipt_of(found, speaker(request)),
        history=await dossiers.history(connection, dossier),
        pending=await corrections.pending(connection, found),
        messages=await messages.of_dossier(connection, dossier) if found.messages else [],
        mine=found.agent_id == person.account,
        decisions=[state for state in State if state in DECIDED],
        reasons=list(Reason),
        key=str(uuid4()),
        typed=typed,
        errors=errors,
    )
