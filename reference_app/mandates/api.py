"""The counter over the API: an agent acts within a mandate; a person takes over what was begun for them."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from observability import telemetry
from reference_app import idempotency
from reference_app.database import Connection
from reference_app.dossiers import filing, repository
from reference_app.dossiers.draft import FORMS, Answers, answers_of
from reference_app.dossiers.schemas import DossierOut, SummaryOut
from reference_app.errors import NotFound
from reference_app.idempotency import Answer, Key
from reference_app.mandates import codes
from reference_app.mandates import mandate as mandates
from reference_app.mandates.mandate import Continuing, Mandate, Opening
from reference_app.mandates.schemas import Claim, CodeOut, MandateOut
from reference_app.parts import Given, parts_of, speaker
from reference_app.problems import documented
from reference_app.sessions import Agent, Citizen, Person

router = APIRouter(prefix="/api/v1/agent/mandats", tags=["counter"], responses=documented(401, 403))
mine = APIRouter(prefix="/api/v1/dossiers", tags=["counter"], responses=documented(401, 403))


@router.post("", status_code=201, response_model=MandateOut, responses=documented(413), summary="Open a mandate")
async def open_(parts: Given, person: Agent, opening: Opening) -> MandateOut:
    """Write down what a person who is present lets me do: one procedure, a few hours."""
    async with parts.pool.connection() as connection:
        return MandateOut.of(await mandates.open_(connection, person.account, opening, parts.clock()))


@router.post(
    "/continue", status_code=201, response_model=MandateOut, responses=documented(413), summary="Go on with a dossier"
)
async def go_on(parts: Given, person: Agent, continuing: Continuing) -> MandateOut:
    """The same for the one dossier whose code the person shows."""
    async with parts.pool.connection() as connection:
        return MandateOut.of(await mandates.go_on(connection, person.account, continuing, parts.clock()))


@router.get("", response_model=list[MandateOut], summary="List my mandates")
async def list_mine(parts: Given, person: Agent) -> list[MandateOut]:
    """The mandates I opened, newest first, a hundred at most."""
    async with parts.pool.connection() as connection:
        return [MandateOut.of(found) for found in await mandates.of_agent(connection, person.account)]


@router.post("/{mandat}/end", status_code=204, responses=documented(404), summary="End a mandate")
async def end(parts: Given, person: Agent, mandat: UUID) -> None:
    """End a mandate before its time; repeating it changes nothing."""
    async with parts.pool.connection() as connection:
        await mandates.end(connection, person.account, mandat, parts.clock())


@router.get("/{mandat}/dossiers", response_model=list[SummaryOut], responses=documented(404, 409), summary="List")
async def dossiers(parts: Given, person: Agent, mandat: UUID) -> list[SummaryOut]:
    """What a mandate that holds is about."""
    async with parts.pool.connection() as connection:
        held = await mandates.holding(connection, person.account, mandat, parts.clock())
        return [SummaryOut.of(found) for found in await mandates.dossiers(connection, held)]


@router.post(
    "/{mandat}/dossiers/{dossier}/file",
    response_model=DossierOut,
    responses=documented(404, 409),
    summary="File for somebody",
)
async def file(request: Request, parts: Given, person: Agent, mandat: UUID, dossier: UUID, key: Key) -> Response:
    """File a draft for the person who is present; the history says who did."""
    digest = idempotency.digest(f"POST {request.url.path}", await request.body())
    async with parts.pool.connection() as connection:
        held = await mandates.holding(connection, person.account, mandat, parts.clock())
        return idempotency.sent(await file_once(request, connection, person, held, dossier, key, digest))


@router.post(
    "/{mandat}/dossiers/{dossier}/code", response_model=CodeOut, responses=documented(404, 409), summary="Give a code"
)
async def hand_out(parts: Given, person: Agent, mandat: UUID, dossier: UUID) -> CodeOut:
    """A code with which the person finds the dossier online; the one given before works no more."""
    async with parts.pool.connection() as connection:
        held = await mandates.holding(connection, person.account, mandat, parts.clock())
        mandates.require_covers(held, dossier)
        return CodeOut(code=await codes.issue(connection, held.account_id, dossier, parts.clock()))


@mine.post("/claim", response_model=DossierOut, responses=documented(413), summary="Take over with a code")
async def claim(request: Request, parts: Given, person: Citizen, claimed: Claim) -> DossierOut:
    """Take over, with the code I was given, a dossier that was begun for me at the counter."""
    async with parts.pool.connection() as connection:
        dossier = await codes.claim(connection, person.account, claimed.code, parts.clock())
        return DossierOut.of(await filing.read(connection, person.account, dossier), speaker(request))


@mine.post("/{dossier}/code", response_model=CodeOut, responses=documented(404), summary="Get a code for the counter")
async def code(parts: Given, person: Citizen, dossier: UUID) -> CodeOut:
    """A code with which an agent at the counter goes on with one of my dossiers while I am there."""
    async with parts.pool.connection() as connection:
        return CodeOut(code=await codes.issue(connection, person.account, dossier, parts.clock()))


async def create_once(
    request: Request, connection: Connection, person: Person, held: Mandate, answers: Answers, key: str, digest: bytes
) -> Answer:
    """Keep a new draft in a mandate with an idempotency key; the page and the API share it.

    Raises:
        NotFound: the mandate is for one dossier, and begins no other.
    """
    if held.dossier_id is not None:
        raise NotFound(repository.NO_SUCH_DOSSIER)

    async def effect() -> Answer:
        dossier = await repository.create(connection, held.account_id, held.procedure, answers)
        return Answer(201, DossierOut.of(dossier, speaker(request)).model_dump_json())

    answer = await idempotency.once(connection, person.account, key, digest, effect)
    if not answer.replayed:
        telemetry.event("draft.started")
    return answer


async def file_once(
    request: Request, connection: Connection, person: Person, held: Mandate, dossier: UUID, key: str, digest: bytes
) -> Answer:
    """File in a mandate with an idempotency key; the page and the API share it."""
    mandates.require_covers(held, dossier)
    receipts: list[str | None] = []

    async def effect() -> Answer:
        at = parts_of(request).clock()
        filed = await filing.file(connection, held.account_id, dossier, at, by=person.account)
        receipts.append(filed.receipt_number)
        return Answer(200, DossierOut.of(filed, speaker(request)).model_dump_json())

    answer = await idempotency.once(connection, person.account, key, digest, effect)
    for receipt in receipts:  # committed by now; none of a request that was sent again
        telemetry.event("dossier.filed", receipt=receipt)
    return answer


def _offer(procedure: str, form: type[BaseModel]) -> None:
    async def create(
        request: Request, parts: Given, person: Agent, mandat: UUID, draft: BaseModel, key: Key
    ) -> Response:
        """Keep a new draft of the person who is present."""
        digest = idempotency.digest(f"POST {request.url.path}", await request.body())
        async with parts.pool.connection() as connection:
            held = await _of(procedure, parts, connection, person, mandat)
            return idempotency.sent(
                await create_once(request, connection, person, held, answers_of(draft), key, digest)
            )

    async def replace(
        request: Request, parts: Given, person: Agent, mandat: UUID, dossier: UUID, draft: BaseModel
    ) -> DossierOut:
        """Replace the content of what the mandate is about; repeating it changes nothing."""
        async with parts.pool.connection() as connection:
            held = await _of(procedure, parts, connection, person, mandat)
            mandates.require_covers(held, dossier)
            at = parts.clock()
            saved = await filing.save(
                connection, held.account_id, dossier, procedure, answers_of(draft), at, by=person.account
            )
            return DossierOut.of(saved, speaker(request))

    for handler in (create, replace):
        handler.__annotations__["draft"] = form  # what FastAPI reads and documents
    router.post(
        f"/{{mandat}}/{procedure}/dossiers",
        status_code=201,
        response_model=DossierOut,
        responses=documented(404, 409, 413),
        summary="Start a draft for somebody",
    )(create)
    router.put(
        f"/{{mandat}}/{procedure}/dossiers/{{dossier}}",
        response_model=DossierOut,
        responses=documented(404, 409, 413),
        summary="Replace the content for somebody",
    )(replace)


async def _of(procedure: str, parts: Given, connection: Connection, person: Person, mandat: UUID) -> Mandate:
    held = await mandates.holding(connection, person.account, mandat, parts.clock())
    mandates.require_procedure(held, procedure)
    return held


for _procedure, _form in FORMS.items():
    _offer(_procedure, _form)
