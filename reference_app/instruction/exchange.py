"""The API of what passes between an agent and the author of a dossier: corrections, messages, reopening."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app import idempotency
from reference_app.database import Connection
from reference_app.dossiers import corrections, messages
from reference_app.dossiers.corrections import Wanted
from reference_app.dossiers.messages import Written
from reference_app.dossiers.schemas import CorrectionOut, DossierOut, MessageOut
from reference_app.idempotency import Answer, Key
from reference_app.instruction import decisions
from reference_app.instruction.decisions import Reopening
from reference_app.parts import Given, parts_of, speaker
from reference_app.problems import documented
from reference_app.sessions import Agent

router = APIRouter(prefix="/api/v1/agent/dossiers/{dossier}", tags=["agents"], responses=documented(401, 403, 404))


@router.post("/correction", response_model=DossierOut, responses=documented(409, 413), summary="Ask for a correction")
async def ask(request: Request, parts: Given, person: Agent, dossier: UUID, wanted: Wanted) -> DossierOut:
    """Ask the author to mend a dossier I have under review; it leaves the queue until it is sent back."""
    async with parts.pool.connection() as connection:
        asked = await decisions.ask(connection, person.account, dossier, wanted, parts.clock())
    return DossierOut.of(asked, speaker(request))


@router.get("/corrections", response_model=list[CorrectionOut], summary="List corrections")
async def asked(parts: Given, person: Agent, dossier: UUID) -> list[CorrectionOut]:
    """What was asked to be mended in a filed dossier, oldest first."""
    async with parts.pool.connection() as connection:
        await decisions.read(connection, person.account, dossier)
        return [CorrectionOut.of(found) for found in await corrections.of_dossier(connection, dossier)]


@router.post("/reopen", response_model=DossierOut, responses=documented(409, 413), summary="Reopen")
async def reopen(request: Request, parts: Given, person: Agent, dossier: UUID, again: Reopening) -> DossierOut:
    """Take a decided dossier under review again, with reasons; the history keeps the first decision."""
    async with parts.pool.connection() as connection:
        reopened = await decisions.reopen(connection, person.account, dossier, again, parts.clock())
    return DossierOut.of(reopened, speaker(request))


@router.get("/messages", response_model=list[MessageOut], summary="List messages")
async def read(parts: Given, person: Agent, dossier: UUID) -> list[MessageOut]:
    """The messages about a filed dossier, oldest first; the newest two hundred."""
    async with parts.pool.connection() as connection:
        await decisions.read(connection, person.account, dossier)
        return [MessageOut.of(found) for found in await messages.of_dossier(connection, dossier)]


@router.post(
    "/messages", status_code=201, response_model=MessageOut, responses=documented(413), summary="Write to the author"
)
async def write(request: Request, parts: Given, person: Agent, dossier: UUID, written: Written, key: Key) -> Response:
    """Write to the author of a filed dossier."""
    digest = idempotency.digest(f"POST {request.url.path}", await request.body())
    async with parts.pool.connection() as connection:
        answer = await write_once(request, connection, person.account, dossier, written, key, digest)
    return idempotency.sent(answer)


async def write_once(
    request: Request, connection: Connection, agent: UUID, dossier: UUID, written: Written, key: str, digest: bytes
) -> Answer:
    """Write with an idempotency key; the page and the API share it."""

    async def effect() -> Answer:
        kept = await decisions.write(connection, agent, dossier, written, parts_of(request).clock())
        return Answer(201, MessageOut.of(kept).model_dump_json())

    return await idempotency.once(connection, agent, key, digest, effect)
