"""What an agent may do with filed dossiers: the rules, each in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from observability import telemetry
from reference_app.database import Connection
from reference_app.dossiers import corrections, messages
from reference_app.dossiers.corrections import Wanted
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.draft import Prose
from reference_app.dossiers.messages import Message, Written
from reference_app.dossiers.operations import change
from reference_app.dossiers.states import DECIDED, State, require_in
from reference_app.errors import N_, Forbidden, NotFound
from reference_app.instruction import repository

NO_SUCH_DOSSIER = N_("There is no such filed dossier.")


class Decision(BaseModel):
    """What is decided and why. The reasons are sent to the business."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Literal[State.ACCEPTE, State.REFUSE, State.SANS_SUITE]
    motivation: Annotated[Prose, Field(min_length=1, description="Reasons, as the business will read them.")]


class Reopening(BaseModel):
    """Why a decided dossier is examined again. The reasons are sent to the business."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    motivation: Annotated[Prose, Field(min_length=1, description="Reasons, as the business will read them.")]


async def read(connection: Connection, dossier: UUID) -> Dossier:
    """One filed dossier. Raises NotFound, for drafts too."""
    return _found(await repository.filed(connection, dossier))


async def claim_next(connection: Connection, agent: UUID, at: datetime) -> Dossier | None:
    """Take the oldest filed dossier under review; None when there is none. No two agents get the same one."""
    async with connection.transaction():
        waiting = await repository.next_unclaimed(connection)
        if waiting is None:
            return None
        return await change(connection, waiting, State.EN_INSTRUCTION, by=agent, at=at, agent_id=agent, claimed_at=at)


async def decide(connection: Connection, agent: UUID, dossier: UUID, decision: Decision, at: datetime) -> Dossier:
    """Decide on a dossier under review.

    Raises:
        NotFound: there is no such filed dossier.
        Conflict: it is not under review (decided already, or not yet claimed).
        Forbidden: another agent has it under review.
    """
    async with connection.transaction():
        found = await _mine(connection, agent, dossier)
        decided = await change(
            connection, found, decision.decision, by=agent, at=at, decided_at=at, motivation=decision.motivation
        )
    telemetry.event("dossier.decided", receipt=decided.receipt_number, decision=decided.state)
    return decided


async def ask(connection: Connection, agent: UUID, dossier: UUID, wanted: Wanted, at: datetime) -> Dossier:
    """Ask the author to mend a dossier under review; it is theirs to change until they send it back.

    Raises:
        NotFound, Conflict, Forbidden: as :func:`decide`.
    """
    async with connection.transaction():
        found = await _mine(connection, agent, dossier)
        await corrections.ask(connection, agent, dossier, wanted, at)
        return await change(
            connection, found, State.EN_CONSTRUCTION, by=agent, at=at, note=wanted.said, correction_asked_at=at
        )


async def reopen(connection: Connection, agent: UUID, dossier: UUID, again: Reopening, at: datetime) -> Dossier:
    """Take a decided dossier under review again; the history keeps the decision and why it is reopened.

    Raises:
        NotFound: there is no such filed dossier.
        Conflict: it is not decided, or its author withdrew it.
    """
    async with connection.transaction():
        found = _found(await repository.locked(connection, dossier))
        require_in(found.state, *(() if found.withdrawn_at is not None else DECIDED))
        taken = {"agent_id": agent, "claimed_at": at, "decided_at": None, "motivation": None}
        return await change(connection, found, State.EN_INSTRUCTION, by=agent, at=at, note=again.motivation, **taken)


async def write(connection: Connection, agent: UUID, dossier: UUID, written: Written, at: datetime) -> Message:
    """Write to the author of a filed dossier. Raises NotFound."""
    await read(connection, dossier)
    return await messages.add(connection, dossier, agent, written, at, from_agent=True)


async def _mine(connection: Connection, agent: UUID, dossier: UUID) -> Dossier:
    """A dossier that ``agent`` has under review, locked."""
    found = _found(await repository.locked(connection, dossier))
    require_in(found.state, State.EN_INSTRUCTION)
    if found.agent_id != agent:
        raise Forbidden(N_("Another agent has this dossier under review."))
    return found


def _found(dossier: Dossier | None) -> Dossier:
    if dossier is None:
        raise NotFound(NO_SUCH_DOSSIER)
    return dossier
