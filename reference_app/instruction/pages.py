"""The agents' pages: queue, dossier, decision."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reference_app import idempotency
from reference_app.database import Connection
from reference_app.deliveries import repository as deliveries
from reference_app.deliveries.delivery import LABELS as DELIVERIES
from reference_app.dossiers import corrections, messages
from reference_app.dossiers import repository as dossiers
from reference_app.dossiers.api import After
from reference_app.dossiers.corrections import Reason
from reference_app.dossiers.draft import field_errors
from reference_app.dossiers.pages import Typed, key_of
from reference_app.dossiers.schemas import receipt_of
from reference_app.dossiers.states import DECIDED, State
from reference_app.errors import SENT_BEFORE, Conflict, KeyReused
from reference_app.groups import GROUPS
from reference_app.instruction import advice as advices
from reference_app.instruction import decisions, members
from reference_app.instruction import queue as queues
from reference_app.instruction.asked import Asked, Before
from reference_app.instruction.decisions import Decision, Moving
from reference_app.instruction.queue import ORDERS, WAITS, Filters, Part
from reference_app.instruction.reach import groups_of
from reference_app.notifications import telling
from reference_app.pages import page, posted, see_other, sentence
from reference_app.parts import Given, parts_of, speaker
from reference_app.pieces import shown as pieces
from reference_app.sessions import Agent, Person

SIZES = (20, 100)
"""Dossiers of a page; as many as a lot may hold, for decisions in batch."""
Form = TypeVar("Form", bound=BaseModel)
Size = Annotated[int, Query(ge=1, le=SIZES[-1])]

router = APIRouter(prefix="/agent/dossiers", include_in_schema=False)


@router.get("")
async def queue(
    request: Request,
    parts: Given,
    person: Agent,
    filters: Asked,
    after: After = None,
    before: Before = None,
    size: Size = SIZES[0],
) -> Response:
    """The queue."""
    at = parts.clock()
    async with parts.pool.connection() as connection:
        part = await queues.listed(connection, person.account, filters, at, after=after, before=before, limit=size)
        return await queue_page(request, connection, person, filters, part, size)


@router.post("/claim-next")
async def claim_next(request: Request, parts: Given, person: Agent) -> Response:
    """Take the oldest waiting dossier, of one group when the form names it; a double click takes one."""
    typed = await posted(request, person)
    group = typed.get("group") or None  # the empty choice stands for all groups
    key, digest = f"{key_of(typed)}/{group}", idempotency.digest("POST /agent/dossiers/claim-next", b"")
    async with parts.pool.connection() as connection:

        async def take() -> UUID | None:
            taken = await decisions.claim_next(connection, person.account, parts.clock(), group)
            return None if taken is None else taken.id

        claimed = await idempotency.made_once(connection, person.account, key, digest, take)
        if claimed is None:
            nothing = Part([], None, None)
            return await queue_page(request, connection, person, Filters(group=group), nothing, empty=True)
    return see_other(f"/agent/dossiers/{claimed}")


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

    return await carried_out(request, person, dossier, Decision, decided, may=holding(person, dossier))


def holding(person: Person, dossier: UUID) -> Callable[[Connection], Awaitable[object]]:
    """What raises unless ``person`` has the dossier under review."""
    return lambda connection: decisions.held(connection, person.account, dossier)


@router.post("/{dossier}/release")
async def release(request: Request, parts: Given, person: Agent, dossier: UUID) -> Response:
    """Give a dossier back to the queue."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await decisions.release(connection, person.account, dossier, parts.clock())
    return see_other(f"/agent/dossiers/{dossier}")


@router.post("/{dossier}/group")
async def move(request: Request, parts: Given, person: Agent, dossier: UUID) -> Response:
    """Give a dossier to another group: it may be out of the mover's own reach then, so the queue follows."""

    async def moved(connection: Connection, moving: Moving, _: Typed) -> None:
        await decisions.move(connection, person.account, dossier, moving, parts.clock())

    async def supervising(connection: Connection) -> None:
        found = await decisions.read(connection, person.account, dossier)
        await members.require_supervisor(connection, person.account, found.groupe)

    return await carried_out(request, person, dossier, Moving, moved, "/agent/dossiers", may=supervising)


async def carried_out(
    request: Request,
    person: Person,
    dossier: UUID,
    form: type[Form],
    effect: Callable[[Connection, Form, Typed], Awaitable[None]],
    following: str | None = None,
    may: Callable[[Connection], Awaitable[object]] | None = None,
) -> Response:
    """Do what a form of an agent asks, and show the dossier; what cannot be kept comes back beside its field.

    ``effect`` gets what was typed, checked, and all that was sent with it. ``may`` raises what keeps this agent from
    sending this form at all: then it is on no page, and nothing could stand beside its fields.
    """
    typed = await posted(request, person)
    async with parts_of(request).pool.connection() as connection:
        try:
            wanted = form.model_validate({k: typed[k] for k in form.model_fields if typed.get(k, "").strip()})
        except ValidationError as error:
            if may is not None:
                await may(connection)
            said = {n: sentence(request, e.message, **e.values) for n, e in field_errors(error.errors()).items()}
            return await _page(request, connection, person, dossier, typed=typed, errors=said)
        try:
            await effect(connection, wanted, typed)
        except KeyReused:
            said = {next(iter(form.model_fields)): sentence(request, SENT_BEFORE)}
            return await _page(request, connection, person, dossier, typed=typed, errors=said)
        except Conflict as error:  # done meanwhile, by this agent's first click or by somebody else: see what stands
            return await _page(request, connection, person, dossier, typed=typed, errors={}, conflict=error)
    return see_other(f"/agent/dossiers/{dossier}" if following is None else following)


async def queue_page(
    request: Request,
    connection: Connection,
    person: Person,
    filters: Filters,
    part: Part,
    size: int = SIZES[0],
    *,
    empty: bool = False,
) -> Response:
    """The queue with ``part`` of it, and with how many wait in the groups that are looked at."""
    parts = parts_of(request)
    mine = await groups_of(connection, person.account)
    chosen = [g.id for g in mine if filters.group in (None, g.id) and filters.procedure in (None, g.procedure)]
    kept = {
        "state": filters.state,
        "mine": "true" if filters.mine else None,
        "group": filters.group,
        "procedure": filters.procedure,
        "waits": filters.waits,
        "older_than": filters.older_than,
        "order": filters.order if filters.order is not queues.Order.AGE else None,
        "size": size if size != SIZES[0] else None,
    }
    return page(
        request,
        "queue.html",
        part=part,
        filters=filters,
        query=urlencode({name: value for name, value in kept.items() if value is not None}),
        groups=mine,
        tally=await parts.tallies.of(connection, chosen, parts.clock()),
        waits=WAITS,
        orders=ORDERS,
        size=size,
        sizes=SIZES,
        key=str(uuid4()),
        empty=empty,
    )


async def _page(
    request: Request,
    connection: Connection,
    person: Person,
    dossier: UUID,
    *,
    typed: dict[str, str],
    errors: dict[str, str],
    conflict: Conflict | None = None,
) -> Response:
    found = await decisions.read(connection, person.account, dossier)
    asked = await advices.of_dossier(connection, dossier) if found.advice else []
    others = [g for g in GROUPS.values() if g.procedure == found.procedure and g.id != found.groupe]
    return page(
        request,
        "agent_dossier.html",
        conflict.status if conflict is not None else 422 if errors else 200,
        dossier=found,
        receipt=receipt_of(found, speaker(request)),
        history=await dossiers.history(connection, dossier),
        pending=await corrections.pending(connection, found),
        messages=await messages.of_dossier(connection, dossier) if found.messages else [],
        pieces=await pieces.by_name(connection, found),
        opened_unscanned=parts_of(request).settings.unscanned_pieces == "open",
        told=await telling.of_dossier(connection, dossier),
        advice=asked,
        opinions=advices.OPINIONS,
        codes=_to_hand_over(request, person, asked),
        mine=found.agent_id == person.account,
        group=GROUPS.get(found.groupe),
        movable=others if others and found.groupe in await members.supervised(connection, person.account) else [],
        delivery=await deliveries.of_dossier(connection, dossier) if found.state in DECIDED else None,
        deliveries=DELIVERIES,
        decisions=[state for state in State if state in DECIDED],
        reasons=list(Reason),
        key=str(uuid4()),
        typed=typed,
        errors=errors,
        trouble=sentence(request, conflict.detail) if conflict is not None else "",
    )


def _to_hand_over(request: Request, person: Person, asked: list[advices.Advice]) -> dict[UUID, str]:
    """The codes that an agent passes on by hand: where no mail is set up, to those they asked outside."""
    parts = parts_of(request)
    if parts.mailer is not None:
        return {}
    waiting = [one for one in asked if one.answered_at is None and one.expert_id is None]
    return {one.id: advices.code_of(parts.settings, one.id) for one in waiting if one.asked_by == person.account}
