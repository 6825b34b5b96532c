"""The API of a filed dossier, for its author: corrections, messages, withdrawal."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app import idempotency
from reference_app.database import Connection
from reference_app.dossiers import corrections, filing, messages
from reference_app.dossiers.messages import Written
from reference_app.dossiers.schemas import CorrectionOut, DossierOut, MessageOut
from reference_app.idempotency import Answer, Key
from reference_app.parts import Given, parts_of, speaker
from reference_app.problems import documented
from reference_app.sessions import Citizen

router = APIRouter(prefix="/api/v1/dossiers/{dossier}", tags=["dossiers"], responses=documented(401, 403, 404))


@router.get("/corrections", response_model=list[CorrectionOut], summary="List what was asked to be mended")
async def asked(parts: Given, person: Citizen, dossier: UUID) -> list[CorrectionOut]:
    """What agents asked to mend in one of my dossiers, oldest first; one at most is not yet sent back."""
    async with parts.pool.connection() as connection:
        await filing.read(connection, person.account, dossier)
        return [CorrectionOut.of(found) for found in await corrections.of_dossier(connection, dossier)]


@router.post("/corrected", response_model=DossierOut, responses=documented(409), summary="Send back what was mended")
async def corrected(request: Request, parts: Given, person: Citizen, dossier: UUID) -> DossierOut:
    """Say that what was asked is mended; the dossier waits for an agent again."""
    async with parts.pool.connection() as connection:
        done = await corrections.resolve(connection, person.account, dossier, parts.clock())
    return DossierOut.of(done, speaker(request))


@router.post("/withdraw", response_model=DossierOut, responses=documented(409), summary="Withdraw a filed dossier")
async def withdraw(request: Request, parts: Given, person: Citizen, dossier: UUID) -> DossierOut:
    """Take back a filed dossier that is not decided; it is closed, and kept as the law asks."""
    async with parts.pool.connection() as connection:
        done = await filing.withdraw(connection, person.account, dossier, parts.clock())
    return DossierOut.of(done, speaker(request))


@router.get("/messages", response_model=list[MessageOut], summary="List messages")
async def read(parts: Given, person: Citizen, dossier: UUID) -> list[MessageOut]:
    """The messages about one of my dossiers, oldest first; the newest two hundred."""
    async with parts.pool.connection() as connection:
        await filing.read(connection, person.account, dossier)
        return [MessageOut.of(found) for found in await messages.of_dossier(connection, dossier)]


@router.post(
    "/messages",
    status_code=201,
    response_model=MessageOut,
    responses=documented(409, 413),
    summary="Write to the agents",
)
async def write(request: Request, parts: Given, person: Citizen, dossier: UUID, written: Written, key: Key) -> Response:
    """Write about one of my filed dossiers."""
    digest = idempotency.digest(f"POST {request.url.path}", await request.body())
    async with parts.pool.connection() as connection:
        answer = await write_once(request, connection, person.account, dossier, written, key, digest)
    return idempotency.sent(answer)


async def write_once(
    request: Request, connection: Connection, account: UUID, dossier: UUID, written: Written, key: str, digest: bytes
) -> Answer:
    """Write with an idempotency key; the page and the API share it."""

    async def effect() -> Answer:
        kept = await filing.write(connection, account, dossier, written, parts_of(request).clock())
        return Answer(201, MessageOut.of(kept).model_dump_json())

    return await idempotency.once(connection, account, key, digest, effect)
