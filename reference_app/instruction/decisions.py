"""What an agent may do with filed dossiers: the rules, each in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from observability import telemetry
from reference_app.database import Connection
from reference_app.deliveries.owing import owe
from reference_app.dossiers import corrections, messages
from reference_app.dossiers.corrections import Wanted
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.draft import Prose
from reference_app.dossiers.messages import Message, Written
from reference_app.dossiers.operations import amend, change
from reference_app.dossiers.states import DECIDED, State, require_in
from reference_app.errors import N_, FieldError, Forbidden, Invalid, NotFound
from reference_app.groups import GROUPS
from reference_app.instruction import members, repository
from reference_app.notifications.news import News
from reference_app.notifications.telling import tell

NO_SUCH_DOSSIER = N_("There is no such filed dossier.")
_NOBODYS: dict[str, Any] = {"agent_id": None, "claimed_at": None}


class Decision(BaseModel):
    """What is decided and why. The reasons are sent to the business."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Literal[State.ACCEPTE, State.REFUSE, State.SANS_SUITE]
    motivation: Annotated[Prose, Field(min_length=1, description="Reasons, as the business will read them.")]


class Reopening(BaseModel):
    """Why a decided dossier is examined again. The reasons are sent to the business."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    motivation: Annotated[Prose, Field(min_length=1, description="Reasons, as the business will read them.")]


class Moving(BaseModel):
    """Which group gets a dossier."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: Annotated[str, Field(max_length=120, description="A group of the same procedure.")]


async def read(connection: Connection, agent: UUID, dossier: UUID) -> Dossier:
    """One filed dossier of a group of ``agent``. Raises NotFound, for drafts and for other groups' too."""
    return _found(await repository.filed(connection, agent, dossier))


async def claim_next(connection: Connection, agent: UUID, at: datetime, group: str | None = None) -> Dossier | None:
    """Take the oldest filed dossier under review; None when there is none. No two agents get the same one.

    It is of ``group``, or of the first of the agent's groups in which one waits.
    """
    async with connection.transaction():
        waiting = await repository.next_unclaimed(connection, agent, group)
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
        decided = await decide_within(connection, agent, dossier, decision, at)
    telemetry.event("dossier.decided", receipt=decided.receipt_number, decision=decided.state)
    return decided


async def decide_within(
    connection: Connection, agent: UUID, dossier: UUID, decision: Decision, at: datetime, did: str | None = None
) -> Dossier:
    """As :func:`decide`, in the caller's transaction; ``did`` is a word for the log.

    A decision waits for no advice: the log says when one had not come, and nobody is waited for any more.
    """
    found = await held(connection, agent, dossier)
    if found.advice_pending:
        did = " ".join(filter(None, (did, "decided.without_advice")))
    decided = await change(
        connection,
        found,
        decision.decision,
        by=agent,
        at=at,
        did=did,
        decided_at=at,
        motivation=decision.motivation,
        advice_pending=0,
    )
    if decided.state is State.ACCEPTE:
        await owe(connection, decided, at)
    await tell(connection, News.DECIDED, decided.account_id, at, dossier=dossier)
    return decided


async def release(connection: Connection, agent: UUID, dossier: UUID, at: datetime) -> Dossier:
    """Give back a dossier under review: it waits again, in its place by age.

    Raises:
        NotFound, Conflict, Forbidden: as :func:`decide`.
    """
    async with connection.transaction():
        found = await held(connection, agent, dossier)
        return await change(connection, found, State.EN_CONSTRUCTION, by=agent, at=at, did="released", **_NOBODYS)


async def move(connection: Connection, agent: UUID, dossier: UUID, moving: Moving, at: datetime) -> Dossier:
    """Give a dossier to another group of its procedure; who had it under review has it no more.

    Raises:
        NotFound: ``agent`` supervises no group that has such a dossier.
        Conflict: it is decided.
        Invalid: it is no other group of this procedure.
    """
    async with connection.transaction():
        found = _found(await repository.locked(connection, agent, dossier))
        await members.require_supervisor(connection, agent, found.groupe)
        require_in(found.state, State.EN_CONSTRUCTION, State.EN_INSTRUCTION)
        wanted = GROUPS.get(moving.group)
        if wanted is None or wanted.procedure != found.procedure or wanted.id == found.groupe:
            raise Invalid({"group": FieldError(N_("Choose one of the answers offered."))})
        if found.state is State.EN_INSTRUCTION:
            found = await change(connection, found, State.EN_CONSTRUCTION, by=agent, at=at, did="released", **_NOBODYS)
        return await amend(connection, found, by=agent, at=at, did="moved", groupe=wanted.id)


async def ask(connection: Connection, agent: UUID, dossier: UUID, wanted: Wanted, at: datetime) -> Dossier:
    """Ask the author to mend a dossier under review; it is theirs to change until they send it back.

    Raises:
        NotFound, Conflict, Forbidden: as :func:`decide`.
    """
    async with connection.transaction():
        found = await held(connection, agent, dossier)
        await corrections.ask(connection, agent, dossier, wanted, at)
        await tell(connection, News.CORRECTION, found.account_id, at, dossier=dossier)
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
        found = _found(await repository.locked(connection, agent, dossier))
        require_reopenable(found)
        taken: dict[str, Any] = {"agent_id": agent, "claimed_at": at, "decided_at": None, "motivation": None}
        await tell(connection, News.REOPENED, found.account_id, at, dossier=dossier)
        return await change(connection, found, State.EN_INSTRUCTION, by=agent, at=at, note=again.motivation, **taken)


def require_reopenable(dossier: Dossier) -> None:
    """Refuse a dossier that is not decided, or that its author withdrew. Raises Conflict."""
    require_in(dossier.state, *(() if dossier.withdrawn_at is not None else DECIDED))


async def write(connection: Connection, agent: UUID, dossier: UUID, written: Written, at: datetime) -> Message:
    """Write to the author of a filed dossier. Raises NotFound."""
    async with connection.transaction():
        found = await read(connection, agent, dossier)
        await tell(connection, News.MESSAGE, found.account_id, at, dossier=dossier)
        return await messages.add(connection, dossier, agent, written, at, from_agent=True)


async def held(connection: Connection, agent: UUID, dossier: UUID) -> Dossier:
    """A dossier that ``agent`` has under review, locked."""
    found = _found(await repository.locked(connection, agent, dossier))
    require_in(found.state, State.EN_INSTRUCTION)
    if found.agent_id != agent:
        raise Forbidden(N_("Another agent has this dossier under review."))
    return found


def _found(dossier: Dossier | None) -> Dossier:
    if dossier is None:
        raise NotFound(NO_SUCH_DOSSIER)
    return dossier
