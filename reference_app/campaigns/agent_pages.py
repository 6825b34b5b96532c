"""The agents' pages of campaigns: begin, start and stop, see what it brought."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID, uuid4

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reference_app import idempotency
from reference_app.campaigns import answers, files
from reference_app.campaigns import campaign as campaigns
from reference_app.campaigns.agent_api import create_once
from reference_app.campaigns.campaign import FROM, NewCampaign, State
from reference_app.campaigns.schemas import CampaignOut
from reference_app.dossiers.draft import field_errors
from reference_app.dossiers.pages import key_of
from reference_app.errors import FieldError, Forbidden, Invalid, KeyReused
from reference_app.instruction.reach import groups_of
from reference_app.pages import NOT_OURS, page, posted, see_other, sentence
from reference_app.parts import Given
from reference_app.procedure import OFFERED
from reference_app.sessions import Agent, Person

_NONE: Mapping[str, FieldError] = MappingProxyType({})
_EMPTY: Mapping[str, str] = MappingProxyType(dict.fromkeys(NewCampaign.model_fields, ""))

router = APIRouter(prefix="/agent/campaigns", include_in_schema=False)


@router.get("")
async def listed(request: Request, parts: Given, person: Agent) -> Response:
    """The campaigns, and the form of a new one."""
    return await _list(request, parts, person)


@router.post("")
async def create(request: Request, parts: Given, person: Agent) -> Response:
    """Begin one; the button pressed twice begins one."""
    typed = await posted(request, person)
    values = {name: typed.get(name, "") for name in NewCampaign.model_fields}
    try:
        wanted = NewCampaign.model_validate(values)
        digest = idempotency.digest("POST /agent/campaigns", wanted.model_dump_json().encode())
        async with parts.pool.connection() as connection:
            done = await create_once(parts, connection, person, wanted, key_of(typed), digest)
    except ValidationError as error:
        return await _list(request, parts, person, values, field_errors(error.errors()))
    except Invalid as error:
        return await _list(request, parts, person, values, error.fields)
    except KeyReused:
        return await _list(request, parts, person, values, status=KeyReused.status, trouble="again")
    return see_other(f"/agent/campaigns/{CampaignOut.model_validate_json(done.body).id}")


@router.get("/{campaign}")
async def show(request: Request, parts: Given, person: Agent, campaign: UUID) -> Response:
    """One campaign: how far it got, and what can be done with it."""
    return await campaign_page(request, parts, person, campaign)


@router.post("/{campaign}/state")
async def change(request: Request, parts: Given, person: Agent, campaign: UUID) -> Response:
    """Start, pause or stop."""
    typed = await posted(request, person)
    try:
        wanted = State(typed.get("state", ""))
    except ValueError:
        raise Forbidden(NOT_OURS) from None
    async with parts.pool.connection() as connection:
        await campaigns.change(connection, person.account, campaign, wanted)
    return see_other(f"/agent/campaigns/{campaign}")


@router.post("/{campaign}/remind")
async def remind(request: Request, parts: Given, person: Agent, campaign: UUID) -> Response:
    """Remind those who did not answer."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await campaigns.remind(connection, person.account, campaign, parts.clock())
    return see_other(f"/agent/campaigns/{campaign}")


@router.get("/{campaign}/answers")
async def summed_up(request: Request, parts: Given, person: Agent, campaign: UUID) -> Response:
    """What a campaign brought: what those who filed need, and what happened each day."""
    async with parts.pool.connection() as connection:
        found = await campaigns.read(connection, person.account, campaign)
        reached = await answers.reached(connection, found)
        needs, days = await answers.needs(connection, found), await answers.by_day(connection, found)
    return page(request, "campaign_answers.html", campaign=found, reached=reached, needs=needs, days=days)


@router.get("/{campaign}/answers.csv")
async def summed_up_table(request: Request, person: Agent, campaign: UUID) -> Response:
    """The same for a spreadsheet."""
    return await files.summed_up(request, person.account, campaign)


@router.get("/{campaign}/invitations.csv")
async def invitations(request: Request, person: Agent, campaign: UUID) -> Response:
    """Every invitation and how far it got."""
    return await files.invitations(request, person.account, campaign)


async def _list(
    request: Request,
    parts: Given,
    person: Person,
    values: Mapping[str, str] = _EMPTY,
    errors: Mapping[str, FieldError] = _NONE,
    status: int = 422,
    trouble: str = "",
) -> Response:
    async with parts.pool.connection() as connection:
        found = await campaigns.listed(connection, person.account)
        mine = {group.procedure for group in await groups_of(connection, person.account)}
    return page(
        request,
        "campaigns.html",
        status if errors or trouble else 200,
        campaigns=found,
        offered=tuple(procedure for procedure in OFFERED.values() if procedure.id in mine),
        values=values,
        key=str(uuid4()),
        trouble=trouble,
        errors=_said(request, errors),
    )


async def campaign_page(
    request: Request,
    parts: Given,
    person: Person,
    campaign: UUID,
    errors: Mapping[str, FieldError] = _NONE,
    status: int = 422,
) -> Response:
    """The page of a campaign; with ``errors`` beside the field of its list."""
    async with parts.pool.connection() as connection:
        found = await campaigns.read(connection, person.account, campaign)
        reached = await answers.reached(connection, found)
    return page(
        request,
        "campaign.html",
        status if errors else 200,
        campaign=found,
        reached=reached,
        steps=files.STEPS,
        next_states=[state for state, before in FROM.items() if found.state in before],
        mails=parts.mailer is not None,
        per_minute=parts.settings.invitations_per_minute,
        errors=_said(request, errors),
    )


def _said(request: Request, errors: Mapping[str, FieldError]) -> dict[str, str]:
    return {name: sentence(request, e.message, **e.values) for name, e in errors.items()}
