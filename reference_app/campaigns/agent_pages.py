"""The agents' pages of campaigns: begin, add a list, start and stop, see what it brought."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from uuid import UUID

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from reference_app.campaigns import answers, importing, tables
from reference_app.campaigns import campaign as campaigns
from reference_app.campaigns.campaign import FROM, NewCampaign, State
from reference_app.campaigns.reading import MOST_BYTES, REASONS, read
from reference_app.dossiers.draft import field_errors
from reference_app.errors import N_, FieldError, Forbidden, Invalid
from reference_app.pages import NOT_OURS, page, posted, require_ours, see_other, sentence
from reference_app.parts import Given
from reference_app.pieces import multipart
from reference_app.pieces.limits import Cut, TooSlow, paced
from reference_app.procedure import OFFERED
from reference_app.sessions import Agent

SHOWN = 100
"""Wrong lines on the page; the file beside it has all."""
TOO_LARGE = N_("This file is larger than %(mb)s MB. Divide the list.")
_NONE: Mapping[str, FieldError] = MappingProxyType({})

router = APIRouter(prefix="/agent/campaigns", include_in_schema=False)


@router.get("")
async def listed(request: Request, parts: Given, person: Agent) -> Response:
    """The campaigns, and the form of a new one."""
    return await _list(request, parts)


@router.post("")
async def create(request: Request, parts: Given, person: Agent) -> Response:
    """Begin one."""
    typed = await posted(request, person)
    values = {name: typed.get(name, "") for name in NewCampaign.model_fields}
    try:
        wanted = NewCampaign.model_validate(values)
    except ValidationError as error:
        return await _list(request, parts, values, field_errors(error.errors()))
    async with parts.pool.connection() as connection:
        made = await campaigns.create(connection, person.account, wanted, parts.clock())
    return see_other(f"/agent/campaigns/{made}")


@router.get("/{campaign}")
async def show(request: Request, parts: Given, person: Agent, campaign: UUID) -> Response:
    """One campaign: what it brought, and what can be done with it."""
    return await _show(request, parts, campaign)


@router.post("/{campaign}/lists")
async def add_list(request: Request, parts: Given, person: Agent, campaign: UUID) -> Response:
    """Read a list; nothing is added before it is confirmed."""
    content_type = request.headers.get("content-type", "")
    try:
        form = await multipart.opened(content_type, paced(request.stream()))
        require_ours(request, person, form.fields)
        content = await _content(form.chunks)
        found = await asyncio.to_thread(read, content)
    except (Cut, TooSlow) as error:
        return await _show(request, parts, campaign, {"file": FieldError(error.detail, error.values)}, error.status)
    except Invalid as error:
        return await _show(request, parts, campaign, error.fields)
    async with parts.pool.connection() as connection:
        kept = await importing.keep(connection, campaign, found, parts.clock())
    return see_other(f"/agent/campaigns/{campaign}/lists/{kept}")


@router.get("/{campaign}/lists/{file}")
async def show_list(request: Request, parts: Given, person: Agent, campaign: UUID, file: UUID) -> Response:
    """What a list would add, and every line that cannot be used."""
    async with parts.pool.connection() as connection:
        found = await campaigns.read(connection, campaign)
        kept = await importing.read(connection, campaign, file)
        wrong = [mistake async for mistake in importing.mistakes(connection, file, SHOWN)]
    return page(request, "campaign_list.html", campaign=found, list=kept, mistakes=wrong, reasons=REASONS, most=SHOWN)


@router.get("/{campaign}/lists/{file}/mistakes.csv")
async def mistakes(request: Request, parts: Given, person: Agent, campaign: UUID, file: UUID) -> Response:
    """Every line that cannot be used, as a file."""
    async with parts.pool.connection() as connection:
        kept = await importing.read(connection, campaign, file)
        titles = [sentence(request, title) for title in (N_("Line"), N_("Column"), N_("What is wrong"), N_("See line"))]
        text = [tables.MARK, tables.line(titles)]
        async for one in importing.mistakes(connection, file, kept.lines * 3):
            said = sentence(request, REASONS[one.reason])
            text.append(tables.line([one.number, one.field, said, one.other]))
    return Response("".join(text), headers=_attachment("mistakes.csv"), media_type="text/csv; charset=utf-8")


@router.post("/{campaign}/lists/{file}/confirm")
async def confirm(request: Request, parts: Given, person: Agent, campaign: UUID, file: UUID) -> Response:
    """Add the good lines, all or none."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await importing.confirm(connection, campaign, file, parts.clock())
    return see_other(f"/agent/campaigns/{campaign}/lists/{file}")


@router.post("/{campaign}/state")
async def change(request: Request, parts: Given, person: Agent, campaign: UUID) -> Response:
    """Start, pause or stop."""
    typed = await posted(request, person)
    try:
        wanted = State(typed.get("state", ""))
    except ValueError:
        raise Forbidden(NOT_OURS) from None
    async with parts.pool.connection() as connection:
        await campaigns.change(connection, campaign, wanted)
    return see_other(f"/agent/campaigns/{campaign}")


@router.post("/{campaign}/remind")
async def remind(request: Request, parts: Given, person: Agent, campaign: UUID) -> Response:
    """Remind those who did not answer."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await campaigns.remind(connection, campaign, parts.clock())
    return see_other(f"/agent/campaigns/{campaign}")


@router.get("/{campaign}/invitations.csv")
async def export(request: Request, parts: Given, person: Agent, campaign: UUID) -> Response:
    """Every invitation and how far it got, as it is read: memory does not grow with the list."""
    async with parts.pool.connection() as connection:
        found = await campaigns.read(connection, campaign)
    columns = (N_("SIRET number"), N_("Name"), N_("E-mail address"), N_("State"), N_("Sent on"), N_("Opened on"))
    titles = [sentence(request, title) for title in (*columns, N_("Filed on"), N_("Receipt"))]

    async def written() -> AsyncIterator[str]:
        yield tables.MARK + tables.line(titles)
        async with parts.pool.connection() as connection, connection.transaction():
            async for one in answers.lines(connection, campaign, found.procedure):
                moments = (
                    m.isoformat(timespec="minutes") if m else None for m in (one.sent_at, one.opened_at, one.filed_at)
                )
                yield tables.line([one.siret, one.name, one.email, one.state, *moments, one.receipt_number])

    return StreamingResponse(written(), headers=_attachment("invitations.csv"), media_type="text/csv; charset=utf-8")


async def _content(chunks: AsyncIterator[bytes]) -> bytes:
    """A list, whole. Raises Invalid for one that is too large."""
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > MOST_BYTES:
            raise Invalid({"file": FieldError(TOO_LARGE, {"mb": MOST_BYTES // 1024 // 1024})})
    return bytes(content)


async def _list(
    request: Request,
    parts: Given,
    values: Mapping[str, str] = MappingProxyType({"title": "", "procedure": ""}),
    errors: Mapping[str, FieldError] = _NONE,
) -> Response:
    async with parts.pool.connection() as connection:
        found = await campaigns.listed(connection)
    status = 422 if errors else 200
    offered, said = tuple(OFFERED.values()), _said(request, errors)
    return page(request, "campaigns.html", status, campaigns=found, offered=offered, values=values, errors=said)


async def _show(
    request: Request, parts: Given, campaign: UUID, errors: Mapping[str, FieldError] = _NONE, status: int = 422
) -> Response:
    async with parts.pool.connection() as connection:
        found = await campaigns.read(connection, campaign)
        reached = await answers.reached(connection, found)
        days = await answers.by_day(connection, found)
        needs = await answers.needs(connection, found) if reached.filed else []
    return page(
        request,
        "campaign.html",
        status if errors else 200,
        campaign=found,
        reached=reached,
        days=days,
        needs=needs,
        next_states=[state for state, before in FROM.items() if found.state in before],
        mails=parts.mailer is not None,
        per_minute=parts.settings.invitations_per_minute,
        errors=_said(request, errors),
    )


def _said(request: Request, errors: Mapping[str, FieldError]) -> dict[str, str]:
    return {name: sentence(request, e.message, **e.values) for name, e in errors.items()}


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
