"""The API of campaigns for agents: begin, send a list, confirm it, start and stop, read what it brought."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from reference_app import idempotency
from reference_app.campaigns import answers, files, importing
from reference_app.campaigns import campaign as campaigns
from reference_app.campaigns.campaign import NewCampaign
from reference_app.campaigns.schemas import AnswersOut, BadLineOut, BadLinesOut, CampaignOut, ListOut, NewState
from reference_app.database import Connection
from reference_app.errors import Invalid
from reference_app.idempotency import Answer, Key
from reference_app.parts import Given, speaker
from reference_app.pieces.limits import paced
from reference_app.problems import documented
from reference_app.sessions import Agent, Person

AT_ONCE = 500
"""Bad lines in one answer."""
_BODY = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}}
_TABLE: dict[int | str, dict[str, Any]] = {
    200: {"description": "CSV in UTF-8, columns parted by a semicolon.", "content": {"text/csv": {}}}
}
After = Annotated[int, Query(ge=0, le=10_000_000, description="The last line that was read before.")]

router = APIRouter(prefix="/api/v1/agent/campaigns", tags=["campaigns"], responses=documented(401, 403))


@router.post("", status_code=201, response_model=CampaignOut, responses=documented(413), summary="Begin a campaign")
async def create(request: Request, parts: Given, person: Agent, wanted: NewCampaign, key: Key) -> Response:
    """Begin a campaign for a procedure I handle; nothing leaves before it is started."""
    digest = idempotency.digest(f"POST {request.url.path}", wanted.model_dump_json().encode())
    async with parts.pool.connection() as connection:
        return idempotency.sent(await create_once(parts, connection, person, wanted, key, digest))


@router.get("", response_model=list[CampaignOut], summary="List campaigns")
async def listed(parts: Given, person: Agent) -> list[CampaignOut]:
    """The campaigns of the procedures I handle, newest first, a hundred at most."""
    async with parts.pool.connection() as connection:
        return [CampaignOut.of(found) for found in await campaigns.listed(connection, person.account)]


@router.get("/{campaign}", response_model=CampaignOut, responses=documented(404), summary="Read a campaign")
async def read(parts: Given, person: Agent, campaign: UUID) -> CampaignOut:
    """Where a campaign stands."""
    async with parts.pool.connection() as connection:
        return CampaignOut.of(await campaigns.read(connection, person.account, campaign))


@router.put(
    "/{campaign}/state", response_model=CampaignOut, responses=documented(404, 409, 413), summary="Start, pause or stop"
)
async def change(parts: Given, person: Agent, campaign: UUID, wanted: NewState) -> CampaignOut:
    """Have invitations leave, pause or stop for good; repeating it changes nothing."""
    async with parts.pool.connection() as connection:
        await campaigns.change(connection, person.account, campaign, wanted.state)
        return CampaignOut.of(await campaigns.read(connection, person.account, campaign))


@router.post("/{campaign}/remind", response_model=CampaignOut, responses=documented(404, 409), summary="Remind")
async def remind(parts: Given, person: Agent, campaign: UUID) -> CampaignOut:
    """Remind those who did not file, once a campaign; repeating it changes nothing."""
    async with parts.pool.connection() as connection:
        await campaigns.remind(connection, person.account, campaign, parts.clock())
        return CampaignOut.of(await campaigns.read(connection, person.account, campaign))


@router.get("/{campaign}/answers", response_model=AnswersOut, responses=documented(404), summary="Read what it brought")
async def summed_up(request: Request, parts: Given, person: Agent, campaign: UUID) -> AnswersOut:
    """How far firms got, what those who filed need, what happened each day."""
    async with parts.pool.connection() as connection:
        found = await campaigns.read(connection, person.account, campaign)
        reached = await answers.reached(connection, found)
        needs, days = await answers.needs(connection, found), await answers.by_day(connection, found)
    return AnswersOut.of(reached, needs, days, speaker(request))


@router.get(
    "/{campaign}/answers.csv",
    response_class=Response,
    responses=_TABLE | documented(404),
    summary="Fetch what it brought as a table",
)
async def summed_up_table(request: Request, person: Agent, campaign: UUID) -> Response:
    """The same for a spreadsheet, one number a line."""
    return await files.summed_up(request, person.account, campaign)


@router.get(
    "/{campaign}/invitations.csv",
    response_class=Response,
    responses=_TABLE | documented(404),
    summary="Fetch the invitations as a table",
)
async def invitations(request: Request, person: Agent, campaign: UUID) -> Response:
    """Every firm of a campaign and how far it got."""
    return await files.invitations(request, person.account, campaign)


@router.post(
    "/{campaign}/lists",
    status_code=201,
    response_model=ListOut,
    responses=documented(404, 408, 409, 413),
    openapi_extra=_BODY,
    summary="Send a list of firms",
)
async def add_list(request: Request, parts: Given, person: Agent, campaign: UUID) -> ListOut:
    """Send a list of firms as it is, CSV of 5 MB at most; nothing is added before it is confirmed.

    The first line names the columns: SIRET number, name, e-mail, and language (`fr` or `en`) where it is known.
    A list that was not confirmed makes room for the next.
    """
    try:
        kept = await importing.take(parts, person.account, campaign, paced(request.stream()))
    except Invalid as error:
        raise Invalid({"": error.fields["file"]}) from error  # here the body itself is the file
    async with parts.pool.connection() as connection:
        return await _list(connection, person, campaign, kept)


@router.get("/{campaign}/lists/{file}", response_model=ListOut, responses=documented(404), summary="Read a list")
async def read_list(parts: Given, person: Agent, campaign: UUID, file: UUID) -> ListOut:
    """What a list adds, or added, and how many of its lines cannot be used."""
    async with parts.pool.connection() as connection:
        return await _list(connection, person, campaign, file)


@router.get(
    "/{campaign}/lists/{file}/bad-lines",
    response_model=BadLinesOut,
    responses=documented(404),
    summary="List the lines that cannot be used",
)
async def bad_lines(
    request: Request, parts: Given, person: Agent, campaign: UUID, file: UUID, after: After = 0
) -> BadLinesOut:
    """Every line that cannot be used with what is wrong, five hundred at a time."""
    say = speaker(request)
    async with parts.pool.connection() as connection:
        await importing.read(connection, person.account, campaign, file)
        found = [BadLineOut.of(bad, say) async for bad in importing.bad_lines(connection, file, AT_ONCE, after)]
    return BadLinesOut(items=found, next=found[-1].line if len(found) == AT_ONCE else None)


@router.get(
    "/{campaign}/lists/{file}/bad-lines.csv",
    response_class=Response,
    responses=_TABLE | documented(404),
    summary="Fetch the lines to mend",
)
async def to_mend(request: Request, person: Agent, campaign: UUID, file: UUID) -> Response:
    """The same as a list, without firms that are in the campaign already: mended, it may be sent as it is."""
    return await files.to_mend(request, person.account, campaign, file)


@router.post(
    "/{campaign}/lists/{file}/confirm",
    response_model=ListOut,
    responses=documented(404, 409),
    summary="Add the firms of a list",
)
async def confirm(parts: Given, person: Agent, campaign: UUID, file: UUID) -> ListOut:
    """Add the firms of a list, all or none; repeating it adds nothing."""
    async with parts.pool.connection() as connection:
        await importing.confirm(connection, person.account, campaign, file, parts.clock())
        return await _list(connection, person, campaign, file)


async def create_once(
    parts: Given, connection: Connection, person: Person, wanted: NewCampaign, key: str, digest: bytes
) -> Answer:
    """Begin a campaign with an idempotency key; the page and the API share it."""

    async def effect() -> Answer:
        made = await campaigns.create(connection, person.account, wanted, parts.clock())
        return Answer(201, CampaignOut.of(made).model_dump_json())

    return await idempotency.once(connection, person.account, key, digest, effect)


async def _list(connection: Connection, person: Person, campaign: UUID, file: UUID) -> ListOut:
    found = await importing.read(connection, person.account, campaign, file)
    return ListOut.of(found, await importing.reasons(connection, file))
