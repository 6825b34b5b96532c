"""The API of what a person may ask about themselves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from reference_app import sessions
from reference_app.errors import N_, FieldError, Invalid
from reference_app.parts import Given
from reference_app.problems import documented
from reference_app.rights import answers, erasure
from reference_app.sessions import Citizen

router = APIRouter(prefix="/api/v1/my-data", tags=["my data"], responses=documented(401, 403))


class MyDataOut(BaseModel):
    """All that is held about the person; each list has the columns kept, agents by their role only."""

    schema_: str = Field(alias="schema", examples=["portance-reference/my-data/1"])
    made_at: str
    account: dict[str, Any]
    rendez_vous: list[dict[str, Any]]
    mandat: list[dict[str, Any]]
    correspondence: list[dict[str, Any]]
    notification: list[dict[str, Any]]
    invitation: list[dict[str, Any]]
    source_answer: list[dict[str, Any]]
    dossiers: list[dict[str, Any]] = Field(
        description="Each with its history, messages, corrections, pieces, log of operations and who opened it;"
        " `kept_until` is the last day on which it is kept as it stands."
    )


class Confirmed(BaseModel):
    """That it is meant: nothing is deleted by a request that was sent by mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: UUID = Field(description="Identifier of my own account, as `/api/v1/me` says it.")


class ErasureOut(BaseModel):
    """What went, and what stays."""

    drafts: int = Field(description="Drafts that were deleted.")
    appointments: int = Field(description="Appointments that were deleted; seats of those to come are free again.")
    kept: int = Field(description="Dossiers that were filed: kept as the law asks, each until its `kept_until`.")
    account: bool = Field(description="Whether the account went too: nothing leads to the person any more.")


@router.get("", response_model=MyDataOut, summary="Read all that is held about me")
async def read(request: Request, person: Citizen) -> Response:
    """All that is held about me (GDPR, art. 15 and 20), in a form that machines read."""
    return await answers.document(request, person.account)


@router.get(
    "/copy",
    summary="Download all that is held about me",
    response_class=Response,
    responses={200: {"description": "A ZIP archive of data.json and data.html.", "content": {"application/zip": {}}}},
)
async def download(request: Request, person: Citizen) -> Response:
    """The same as an archive, with a page for people beside the data for machines."""
    return await answers.archive(request, person.account)


@router.post("/erasure", response_model=ErasureOut, responses=documented(413), summary="Delete what may be deleted")
async def erase(request: Request, parts: Given, person: Citizen, confirmed: Confirmed) -> ErasureOut:
    """Delete my drafts, my appointments and, when no filed dossier has to be kept, my account and every session of it.

    Repeating it finds nothing more to delete.
    """
    if confirmed.account != person.account:
        raise Invalid({"account": FieldError(N_("Give the identifier of your own account, as /api/v1/me says it."))})
    async with parts.pool.connection() as connection:
        done = await erasure.erase(connection, person.account, parts.clock())
    await signed_out(request, person, done)
    return ErasureOut(drafts=done.drafts, appointments=done.appointments, kept=done.kept, account=done.account)


async def signed_out(request: Request, person: sessions.Person, done: erasure.Erasure) -> None:
    """End the session of somebody whose account went, here at once and elsewhere within a second."""
    if done.account:
        await sessions.end_all(request, person.account)
