"""The agents' pages of deliveries: all of them, and one with what may be done by hand."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reference_app.database import Connection
from reference_app.deliveries import gate, handling, reconciliation, repository
from reference_app.deliveries.api import Listed
from reference_app.deliveries.delivery import LABELS, PROBLEMS, State
from reference_app.deliveries.handling import Elsewhere
from reference_app.deliveries.overview import overview
from reference_app.deliveries.policy import Policy
from reference_app.dossiers.api import After
from reference_app.dossiers.draft import field_errors
from reference_app.pages import page, posted, see_other, sentence
from reference_app.parts import Given, parts_of
from reference_app.sessions import Agent, Person

PAGE_SIZE = 20
DAYS_SHOWN = 7

router = APIRouter(prefix="/agent/versements", include_in_schema=False)


@router.get("")
async def deliveries(
    request: Request, parts: Given, person: Agent, state: Listed = State.READY, after: After = None
) -> Response:
    """Deliveries in one state, and whether anything may be sent now."""
    async with parts.pool.connection() as connection:
        whole = await overview(connection, parts.settings, parts.clock())
        found = await repository.listed(connection, person.account, state, after, PAGE_SIZE + 1)
        compared = await reconciliation.last(connection, DAYS_SHOWN)
    return page(
        request,
        "deliveries.html",
        whole=whole,
        deliveries=found[:PAGE_SIZE],
        following=found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None,
        state=state,
        labels=LABELS,
        problems=PROBLEMS,
        compared=compared,
        kinds=reconciliation.LABELS,
    )


@router.get("/{delivery}")
async def read(request: Request, parts: Given, person: Agent, delivery: UUID) -> Response:
    """One delivery."""
    async with parts.pool.connection() as connection:
        return await _page(request, connection, person, delivery, typed={}, errors={})


@router.post("/{delivery}/again")
async def again(request: Request, parts: Given, person: Agent, delivery: UUID) -> Response:
    """Attempt it now."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await handling.again(connection, person.account, delivery, parts.clock())
    return see_other(f"/agent/versements/{delivery}")


@router.post("/{delivery}/done-elsewhere")
async def done_elsewhere(request: Request, parts: Given, person: Agent, delivery: UUID) -> Response:
    """Say that it was done elsewhere."""
    typed = await posted(request, person)
    async with parts.pool.connection() as connection:
        try:
            elsewhere = Elsewhere.model_validate({"said": typed["said"]} if typed.get("said", "").strip() else {})
        except ValidationError as error:
            handling.require_waiting(await handling.read(connection, person.account, delivery), parts.clock())
            said = {n: sentence(request, e.message, **e.values) for n, e in field_errors(error.errors()).items()}
            return await _page(request, connection, person, delivery, typed=typed, errors=said)
        await handling.done_elsewhere(connection, person.account, delivery, elsewhere, parts.clock())
    return see_other(f"/agent/versements/{delivery}")


async def _page(
    request: Request,
    connection: Connection,
    person: Person,
    delivery: UUID,
    *,
    typed: dict[str, str],
    errors: dict[str, str],
) -> Response:
    found = await handling.read(connection, person.account, delivery)
    parts = parts_of(request)
    now = parts.clock()
    shut = (await gate.read(connection, now)).shut(now, Policy.of(parts.settings))
    return page(
        request,
        "delivery.html",
        422 if errors else 200,
        delivery=found,
        under_way=found.held_until is not None and found.held_until > now,
        shut=None if shut is None else (PROBLEMS[shut[0]], shut[1]),
        label=LABELS[found.state],
        problem=None if found.problem is None else PROBLEMS[found.problem],
        typed=typed,
        errors=errors,
    )
