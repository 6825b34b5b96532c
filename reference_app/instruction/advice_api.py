"""The API of advice: asked by an agent, given by a colleague. Somebody outside has a page of their own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from reference_app import idempotency
from reference_app.database import Connection
from reference_app.idempotency import Answer, Key
from reference_app.instruction import advice, decisions
from reference_app.instruction.advice import Advice, Given, Opinion, Question
from reference_app.parts import Given as GivenParts
from reference_app.parts import parts_of
from reference_app.problems import documented
from reference_app.sessions import Agent

router = APIRouter(prefix="/api/v1/agent", tags=["agents"], responses=documented(401, 403, 404))


class AdviceOut(BaseModel):
    """An advice, asked or given."""

    id: UUID
    dossier_id: UUID
    expert: str = Field(description="Address of who is asked.")
    question: str
    shown: list[str] = Field(description="Fields of the form they see.")
    asked_at: datetime
    ends_on: date = Field(description="The last day on which it may be given.")
    opinion: Opinion | None
    said: str | None
    answered_at: datetime | None = Field(description="When it came; null while it did not.")

    @classmethod
    def of(cls, found: Advice) -> Self:
        """From a row."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


@router.get("/dossiers/{dossier}/avis", response_model=list[AdviceOut], summary="List advice")
async def of_dossier(parts: GivenParts, person: Agent, dossier: UUID) -> list[AdviceOut]:
    """The advice asked for a dossier of my groups, oldest first."""
    async with parts.pool.connection() as connection:
        await decisions.read(connection, person.account, dossier)
        return [AdviceOut.of(found) for found in await advice.of_dossier(connection, dossier)]


@router.post(
    "/dossiers/{dossier}/avis",
    status_code=201,
    response_model=AdviceOut,
    responses=documented(409, 413),
    summary="Ask for advice",
)
async def ask(
    request: Request, parts: GivenParts, person: Agent, dossier: UUID, question: Question, key: Key
) -> Response:
    """Ask a colleague, or somebody outside, about a dossier I have under review; they are told by mail."""
    digest = idempotency.digest(f"POST {request.url.path}", await request.body())
    async with parts.pool.connection() as connection:
        answer = await ask_once(request, connection, person.account, dossier, question, key, digest)
    return idempotency.sent(answer)


@router.get("/avis", response_model=list[AdviceOut], summary="List what I am asked")
async def asked_of_me(parts: GivenParts, person: Agent) -> list[AdviceOut]:
    """The advice I am asked for and may still give, what ends soonest first."""
    async with parts.pool.connection() as connection:
        return [AdviceOut.of(found) for found in await advice.asked_of(connection, person.account, parts.clock())]


@router.post("/avis/{avis}", status_code=204, responses=documented(409, 413), summary="Give advice")
async def answer(parts: GivenParts, person: Agent, avis: UUID, given: Given) -> None:
    """Give an advice that I am asked for, once."""
    at = parts.clock()
    async with parts.pool.connection() as connection:
        found = await advice.for_agent(connection, person.account, avis, at)
        await advice.answer(connection, found, given, at)


async def ask_once(
    request: Request, connection: Connection, agent: UUID, dossier: UUID, question: Question, key: str, digest: bytes
) -> Answer:
    """Ask with an idempotency key; the page and the API share it."""
    parts = parts_of(request)

    async def effect() -> Answer:
        asked = await advice.ask(connection, parts.settings, agent, dossier, question, parts.clock())
        return Answer(201, AdviceOut.of(asked).model_dump_json())

    return await idempotency.once(connection, agent, key, digest, effect)
