"""The agents' side of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from reference_app.dossiers import repository as dossiers
from reference_app.dossiers.api import After, Limit
from reference_app.dossiers.dossier import Dossier, Treatment
from reference_app.dossiers.schemas import DossierOut, PageOut, Say, TreatmentOut
from reference_app.dossiers.states import State
from reference_app.instruction import decisions, repository
from reference_app.instruction.decisions import Decision
from reference_app.parts import Given, speaker
from reference_app.problems import documented
from reference_app.sessions import Agent

QueueState = Annotated[State, Query(alias="state", description="State of the dossiers listed.")]
Mine = Annotated[bool, Query(description="Only those I have under review or decided.")]

router = APIRouter(prefix="/api/v1/agent/dossiers", tags=["agents"], responses=documented(401, 403))


class AgentDossierOut(DossierOut):
    """A dossier as an agent reads it."""

    claimed_at: datetime | None = Field(description="When it was taken under review.")
    agent_id: UUID | None = Field(description="Account of the agent who has it under review.")
    history: list[TreatmentOut]

    @classmethod
    def read(cls, dossier: Dossier, history: list[Treatment], say: Say) -> Self:
        """From rows."""
        base = DossierOut.of(dossier, say).model_dump()
        treatments = [TreatmentOut.of(treatment) for treatment in history]
        return cls(**base, claimed_at=dossier.claimed_at, agent_id=dossier.agent_id, history=treatments)


@router.get("", response_model=PageOut, summary="List filed dossiers")
async def queue(
    parts: Given,
    person: Agent,
    state: QueueState = State.EN_CONSTRUCTION,
    mine: Mine = False,
    after: After = None,
    limit: Limit = 20,
) -> PageOut:
    """Filed dossiers in one state, oldest first."""
    async with parts.pool.connection() as connection:
        agent = person.account if mine else None
        found = await repository.queue(connection, state, agent, after, limit + 1)
    return PageOut.of(found, limit)


@router.post(
    "/claim-next",
    response_model=DossierOut,
    responses={204: {"description": "No dossier is waiting."}},
    summary="Take the oldest waiting dossier",
)
async def claim_next(request: Request, parts: Given, person: Agent) -> Response:
    """Take the oldest filed dossier under review. No two agents are given the same one."""
    async with parts.pool.connection() as connection:
        claimed = await decisions.claim_next(connection, person.account, parts.clock())
    if claimed is None:
        return Response(status_code=204)
    return Response(DossierOut.of(claimed, speaker(request)).model_dump_json(), media_type="application/json")


@router.get("/{dossier}", response_model=AgentDossierOut, responses=documented(404), summary="Read a filed dossier")
async def read(request: Request, parts: Given, person: Agent, dossier: UUID) -> AgentDossierOut:
    """A filed dossier with its history; drafts are their author's alone."""
    async with parts.pool.connection() as connection:
        found = await decisions.read(connection, dossier)
        history = await dossiers.history(connection, dossier)
    return AgentDossierOut.read(found, history, speaker(request))


@router.post("/{dossier}/decision", response_model=DossierOut, responses=documented(404, 409, 413), summary="Decide")
async def decide(request: Request, parts: Given, person: Agent, dossier: UUID, decision: Decision) -> DossierOut:
    """Accept, reject or close, with reasons; only the agent who took it may, and only once."""
    async with parts.pool.connection() as connection:
        decided = await decisions.decide(connection, person.account, dossier, decision, parts.clock())
    return DossierOut.of(decided, speaker(request))
