"""The pages of what a person known only at the counter may ask: a copy to take along, deleting."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app.errors import N_, FieldError
from reference_app.pages import page, posted, sentence
from reference_app.parts import Given
from reference_app.rights import answers, counter, erasure
from reference_app.rights.pages import SHOWN, kept_of
from reference_app.rights.steps import MANDATES_KEPT_D
from reference_app.sessions import Agent, Person

NOT_ASKED = FieldError(N_("Nothing is deleted unless the person is present and asks for it."))

router = APIRouter(prefix="/agent/mandats/{mandat}/data", include_in_schema=False)


@router.get("")
async def show(request: Request, parts: Given, person: Agent, mandat: UUID) -> Response:
    """What is held of the person, until when, and what they may ask."""
    return await _page(request, parts, person, mandat)


@router.post("/copy")
async def copy(request: Request, parts: Given, person: Agent, mandat: UUID) -> Response:
    """The copy. It is asked for by a button and not by a link, since handing it over is written down."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        account = await counter.hand_over(connection, person.account, mandat, parts.clock())
    return await answers.archive(request, account)


@router.post("/delete")
async def erase(request: Request, parts: Given, person: Agent, mandat: UUID) -> Response:
    """Delete what may be deleted. The answer is the page itself: the mandate may have ended with it."""
    typed = await posted(request, person)
    if "asked" not in typed:
        return await _page(request, parts, person, mandat, {"asked": NOT_ASKED})
    async with parts.pool.connection() as connection:
        done = await counter.erase(connection, person.account, mandat, parts.clock())
    return page(request, "mandate_erased.html", done=done, mandat=mandat, days=MANDATES_KEPT_D)


async def _page(
    request: Request,
    parts: Given,
    person: Person,
    mandat: UUID,
    errors: Mapping[str, FieldError] = MappingProxyType({}),
) -> Response:
    async with parts.pool.connection() as connection:
        held = await counter.holding(connection, person.account, mandat, parts.clock())
        kept = await kept_of(connection, held.account_id)
        foreseen = await erasure.foreseen(connection, held.account_id)
    said = {name: sentence(request, error.message) for name, error in errors.items()}
    return page(
        request,
        "mandate_data.html",
        422 if said else 200,
        mandate=held,
        kept=kept,
        foreseen=foreseen,
        days=MANDATES_KEPT_D,
        most=SHOWN,
        errors=said,
    )
