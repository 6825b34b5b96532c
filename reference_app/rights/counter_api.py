"""The API of what a person known only at the counter may ask; an agent calls it while they are present."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from reference_app.errors import N_, FieldError, Invalid
from reference_app.parts import Given
from reference_app.problems import documented
from reference_app.rights import answers, counter
from reference_app.rights.api import ErasureOut
from reference_app.sessions import Agent

router = APIRouter(prefix="/api/v1/agent/mandats/{mandat}/data", tags=["counter"], responses=documented(401, 403))
_ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A ZIP archive of data.json and data.html.", "content": {"application/zip": {}}}
}


class Asked(BaseModel):
    """That the person asks for it: nothing is deleted by a request that was sent by mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: Annotated[str, Field(max_length=200, description="Their name, as the mandate has it.")]


@router.post(
    "/copy", summary="Hand over all that is held", response_class=Response, responses=_ARCHIVE | documented(404, 409)
)
async def copy(request: Request, parts: Given, person: Agent, mandat: UUID) -> Response:
    """All that is held about a person who has no account online, for them to take along; it is written down."""
    async with parts.pool.connection() as connection:
        account = await counter.hand_over(connection, person.account, mandat, parts.clock())
    return await answers.archive(request, account)


@router.post(
    "/erasure",
    response_model=ErasureOut,
    responses=documented(404, 409, 413),
    summary="Delete what may be deleted for somebody",
)
async def erase(parts: Given, person: Agent, mandat: UUID, asked: Asked) -> ErasureOut:
    """Delete the drafts of a person who has no account online and, when nothing that was filed has to be kept, all.

    With nothing left, the mandate ends. It is written down.
    """
    at = parts.clock()
    async with parts.pool.connection() as connection:
        held = await counter.holding(connection, person.account, mandat, at)
        if asked.person != held.person:
            raise Invalid({"person": FieldError(N_("Give the name of the person as the mandate has it."))})
        done = await counter.erase(connection, person.account, mandat, at)
    return ErasureOut(drafts=done.drafts, appointments=done.appointments, kept=done.kept, account=done.account)
