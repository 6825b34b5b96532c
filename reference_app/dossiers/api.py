"""The business's side of the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from observability import telemetry
from reference_app import idempotency
from reference_app.database import Connection
from reference_app.dossiers import filing, repository, versions
from reference_app.dossiers.draft import FORMS, Answers, answers_of
from reference_app.dossiers.schemas import DossierOut, PageOut
from reference_app.dossiers.versions import IfMatch
from reference_app.idempotency import Answer, Key
from reference_app.parts import Given, parts_of, speaker
from reference_app.problems import documented
from reference_app.sessions import Citizen

After = Annotated[UUID | None, Query(description="`next` of the part before.")]
Limit = Annotated[int, Query(ge=1, le=100, description="Most items in the answer.")]

router = APIRouter(prefix="/api/v1/dossiers", tags=["dossiers"], responses=documented(401, 403))
drafts = APIRouter(prefix="/api/v1/procedures", tags=["dossiers"], responses=documented(401, 403))
"""Two routes for each procedure, whose form says what they take."""


def _offer(procedure: str, form: type[BaseModel]) -> None:
    async def create(request: Request, parts: Given, person: Citizen, draft: BaseModel, key: Key) -> Response:
        """Keep a new draft. Fields may be empty; those given must be right."""
        digest = idempotency.digest(f"POST {request.url.path}", await request.body())
        async with parts.pool.connection() as connection:
            done = await create_once(request, connection, person.account, procedure, answers_of(draft), key, digest)
            return idempotency.sent(done)

    async def replace(
        request: Request,
        response: Response,
        parts: Given,
        person: Citizen,
        dossier: UUID,
        draft: BaseModel,
        version: IfMatch = None,
    ) -> DossierOut:
        """Replace the content of a draft, or of a filed dossier that no agent has; repeating it changes nothing."""
        answers, replaced = answers_of(draft), versions.parsed(version)
        async with parts.pool.connection() as connection:
            saved = await filing.save(
                connection, person.account, dossier, procedure, answers, parts.clock(), version=replaced
            )
        versions.tag(response, saved)
        return DossierOut.of(saved, speaker(request))

    for handler in (create, replace):
        handler.__annotations__["draft"] = form  # what FastAPI reads and documents
    drafts.post(
        f"/{procedure}/dossiers",
        status_code=201,
        response_model=DossierOut,
        responses=documented(413),
        summary="Start a draft",
    )(create)
    drafts.put(
        f"/{procedure}/dossiers/{{dossier}}",
        response_model=DossierOut,
        responses=documented(404, 409, 412, 413),
        summary="Replace the content",
    )(replace)


for _procedure, _form in FORMS.items():
    _offer(_procedure, _form)


@router.get("", response_model=PageOut, summary="List my dossiers")
async def list_mine(parts: Given, person: Citizen, after: After = None, limit: Limit = 20) -> PageOut:
    """My dossiers, newest first."""
    async with parts.pool.connection() as connection:
        found = await repository.list_of_account(connection, person.account, after, limit + 1)
    return PageOut.of(found, limit)


@router.get("/{dossier}", response_model=DossierOut, responses=documented(404), summary="Read a dossier")
async def read(request: Request, response: Response, parts: Given, person: Citizen, dossier: UUID) -> DossierOut:
    """One of my dossiers, with its receipt once it is filed."""
    async with parts.pool.connection() as connection:
        found = await filing.read(connection, person.account, dossier)
    versions.tag(response, found)
    return DossierOut.of(found, speaker(request))


@router.delete("/{dossier}", status_code=204, responses=documented(404, 409), summary="Delete a draft")
async def delete(parts: Given, person: Citizen, dossier: UUID) -> None:
    """Delete a draft for good. A dossier that was filed is kept."""
    async with parts.pool.connection() as connection:
        await filing.delete(connection, person.account, dossier)


@router.post("/{dossier}/file", response_model=DossierOut, responses=documented(404, 409), summary="File a dossier")
async def file(request: Request, parts: Given, person: Citizen, dossier: UUID, key: Key) -> Response:
    """File a draft and get its receipt, committed together: an answer means the dossier is safe."""
    digest = idempotency.digest(f"POST {request.url.path}", await request.body())
    async with parts.pool.connection() as connection:
        return idempotency.sent(await file_once(request, connection, person.account, dossier, key, digest))


async def create_once(
    request: Request, connection: Connection, account: UUID, procedure: str, answers: Answers, key: str, digest: bytes
) -> Answer:
    """Keep a new draft with an idempotency key; the page and the API share it."""

    async def effect() -> Answer:
        dossier = await repository.create(connection, account, procedure, answers)
        return Answer(201, DossierOut.of(dossier, speaker(request)).model_dump_json())

    answer = await idempotency.once(connection, account, key, digest, effect)
    if not answer.replayed:
        telemetry.event("draft.started")
    return answer


async def file_once(
    request: Request, connection: Connection, account: UUID, dossier: UUID, key: str, digest: bytes
) -> Answer:
    """File with an idempotency key; the page and the API share it."""

    receipts: list[str | None] = []

    async def effect() -> Answer:
        filed = await filing.file(connection, account, dossier, parts_of(request).clock())
        receipts.append(filed.receipt_number)
        return Answer(200, DossierOut.of(filed, speaker(request)).model_dump_json())

    answer = await idempotency.once(connection, account, key, digest, effect)
    for receipt in receipts:  # committed by now; none of a request that was sent again
        telemetry.event("dossier.filed", receipt=receipt)
    return answer
