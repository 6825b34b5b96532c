"""The agents' pages of lists: send one, see what it adds and every line that cannot be used, confirm it."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app.campaigns import campaign as campaigns
from reference_app.campaigns import files, importing
from reference_app.campaigns.agent_pages import campaign_page
from reference_app.campaigns.importing import BadLine, List
from reference_app.campaigns.reading import REASONS, Mistake, places
from reference_app.errors import FieldError, Invalid
from reference_app.pages import page, posted, require_ours, see_other
from reference_app.parts import Given
from reference_app.pieces import multipart
from reference_app.pieces.limits import Cut, TooSlow, paced
from reference_app.sessions import Agent

SHOWN = 100
"""Bad lines on the page; the file beside it has all."""

router = APIRouter(prefix="/agent/campaigns/{campaign}/lists", include_in_schema=False)


@router.post("")
async def add_list(request: Request, parts: Given, person: Agent, campaign: UUID) -> Response:
    """Read a list; nothing is added before it is confirmed."""
    content_type = request.headers.get("content-type", "")
    try:
        form = await multipart.opened(content_type, paced(request.stream()))
        require_ours(request, person, form.fields)
        kept = await importing.take(parts, person.account, campaign, form.chunks)
    except (Cut, TooSlow) as error:
        wrong = {"file": FieldError(error.detail, error.values)}
        return await campaign_page(request, parts, person, campaign, wrong, error.status)
    except Invalid as error:
        return await campaign_page(request, parts, person, campaign, error.fields)
    return see_other(f"/agent/campaigns/{campaign}/lists/{kept}")


@router.get("/{file}")
async def show(request: Request, parts: Given, person: Agent, campaign: UUID, file: UUID) -> Response:
    """What a list would add, and every line that cannot be used."""
    async with parts.pool.connection() as connection:
        found = await campaigns.read(connection, person.account, campaign)
        kept = await importing.read(connection, person.account, campaign, file)
        counted = await importing.reasons(connection, file)
        bad = [one async for one in importing.bad_lines(connection, file, SHOWN + 1, known=False)]
    return page(
        request,
        "campaign_list.html",
        campaign=found,
        list=kept,
        counted=counted,
        bad=[(line, [(wrong, _written(kept, line, wrong)) for wrong in line.mistakes]) for line in bad[:SHOWN]],
        more=len(bad) > SHOWN,
        fields=files.FIELDS,
        reasons=REASONS,
        most=SHOWN,
    )


@router.get("/{file}/bad-lines.csv")
async def to_mend(request: Request, person: Agent, campaign: UUID, file: UUID) -> Response:
    """Every line that can be mended, as a list to mend and send again."""
    return await files.to_mend(request, person.account, campaign, file)


@router.post("/{file}/confirm")
async def confirm(request: Request, parts: Given, person: Agent, campaign: UUID, file: UUID) -> Response:
    """Add the good lines, all or none."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await importing.confirm(connection, person.account, campaign, file, parts.clock())
    return see_other(f"/agent/campaigns/{campaign}/lists/{file}")


def _written(kept: List, bad: BadLine, wrong: Mistake) -> str:
    """What stands where something is wrong; the whole line where it is the line."""
    place = places(kept.titles).get(wrong.field) if kept.titles else None
    if place is None or place >= len(bad.cells):
        return " ; ".join(bad.cells)
    return bad.cells[place]
