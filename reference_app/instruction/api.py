"""The agents' side of the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from reference_app.dossiers import repository as dossiers
from reference_app.dossiers.api import After, Limit
from reference_app.dossiers.dossier import Dossier, Treatment
from reference_app.dossiers.schemas import DossierOut, Say, SummaryOut, TreatmentOut
from reference_app.instruction import decisions, queue
from reference_app.instruction.asked import Asked, Before, Group
from reference_app.instruction.decisions import Decision, Moving
from reference_app.parts import Given, speaker
from reference_app.problems import documented
from reference_app.sessions import Agent

router = APIRouter(prefix="/api/v1/agent/dossiers", tags=["agents"], responses=documented(401, 403))


class AgentDossierOut(DossierOut):
    """A dossier as an agent reads it."""

    group: str = Field(description="The group that has it.", examples=["emergency-aid"])
    claimed_at: datetime | None = Field(description="When it was taken under review.")
    agent_id: UUID | None = Field(description="Account of the agent who has it under review.")
    advice_pending: int = Field(description="Advice asked for that did not come yet.")
    history: list[TreatmentOut]

    @classmethod
    def read(cls, dossier: Dossier, history: list[Treatment], say: Say) -> Self:
        """From rows."""
        base = DossierOut.of(dossier, say).model_dump()
        treatments = [TreatmentOut.of(treatment) for treatment in history]
        return cls(
            **base,
            group=dossier.groupe,
            claimed_at=dossier.claimed_at,
            agent_id=dossier.agent_id,
            advice_pending=dossier.advice_pending,
            history=treatments,
        )


class LineOut(SummaryOut):
    """A line of the queue."""

    groupe: str = Field(serialization_alias="group", description="The group that has it.")
    silence_on: date | None = Field(description="The day on which silence decides.")
    correction_asked_at: datetime | None = Field(description="Since when it waits for its author to mend it.")
    advice_pending: int = Field(description="Advice asked for that did not come yet.")


class QueueOut(BaseModel):
    """A part of the queue, and where the ones beside it begin."""

    items: list[LineOut]
    previous: UUID | None = Field(description="Value of `before` for the part before; null at the beginning.")
    next: UUID | None = Field(description="Value of `after` for the next part; null at the end.")


@router.get("", response_model=QueueOut, summary="List filed dossiers")
async def listed(
    parts: Given, person: Agent, filters: Asked, after: After = None, before: Before = None, limit: Limit = 20
) -> QueueOut:
    """Filed dossiers of my groups, group by group, oldest first or by silence date."""
    at = parts.clock()
    async with parts.pool.connection() as connection:
        part = await queue.listed(connection, person.account, filters, at, after=after, before=before, limit=limit)
    return QueueOut(items=[LineOut.of(d) for d in part.dossiers], previous=part.before, next=part.after)


@router.post(
    "/claim-next",
    response_model=DossierOut,
    responses={204: {"description": "No dossier is waiting."}},
    summary="Take the oldest waiting dossier",
)
async def claim_next(request: Request, parts: Given, person: Agent, group: Group = None) -> Response:
    """Take the oldest filed dossier of my groups under review. No two agents are given the same one."""
    async with parts.pool.connection() as connection:
        claimed = await decisions.claim_next(connection, person.account, parts.clock(), group)
    if claimed is None:
        return Response(status_code=204)
    return Response(DossierOut.of(claimed, speaker(request)).model_dump_json(), media_type="application/json")


@router.get("/{dossier}", response_model=AgentDossierOut, responses=documented(404), summary="Read a filed dossier")
async def read(request: Request, parts: Given, person: Agent, dossier: UUID) -> AgentDossierOut:
    """A filed dossier of my groups with its history; drafts are their author's alone."""
    async with parts.pool.connection() as connection:
        found = await decisions.read(connection, person.account, dossier)
        history = await dossiers.history(connection, dossier)
    return AgentDossierOut.read(found, history, speaker(request))


@router.post("/{dossier}/decision", response_model=DossierOut, responses=documented(404, 409, 413), summary="Decide")
async def decide(request: Request, parts: Given, person: Agent, dossier: UUID, decision: Decision) -> DossierOut:
    """Accept, reject or close, with reasons; only the agent who took it may, and only once."""
    async with parts.pool.connection() as connection:
        decided = await decisions.decide(connection, person.account, dossier, decision, parts.clock())
    return DossierOut.of(decided, speaker(request))


@router.post("/{dossier}/release", response_model=DossierOut, responses=documented(404, 409), summary="Give back")
async def release(request: Request, parts: Given, person: Agent, dossier: UUID) -> DossierOut:
    """Give back a dossier I have under review: it waits again, in its place by age."""
    async with parts.pool.connection() as connection:
        released = await decisions.release(connection, person.account, dossier, parts.clock())
    return DossierOut.of(released, speaker(request))


@router.post("/{dossier}/group", response_model=DossierOut, responses=documented(404, 409, 413), summary="Move")
async def move(request: Request, parts: Given, person: Agent, dossier: UUID, moving: Moving) -> DossierOut:
    """Give a dossier of a group I supervise to another group of its procedure."""
    async with parts.pool.connection() as connection:
        moved = await decisions.move(connection, person.account, dossier, moving, parts.clock())
    return DossierOut.of(moved, speaker(request))
