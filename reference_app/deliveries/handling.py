"""What agents do with a delivery by hand: try again, or say that it was done elsewhere. Both stand in the log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from reference_app.database import Connection
from reference_app.deliveries import repository
from reference_app.deliveries.delivery import LABELS, Delivery, State
from reference_app.deliveries.owing import wake
from reference_app.dossiers.draft import Prose
from reference_app.dossiers.operations import amend
from reference_app.errors import N_, Conflict, NotFound
from reference_app.instruction import repository as dossiers

NO_SUCH_DELIVERY = N_("There is no such delivery.")


class Elsewhere(BaseModel):
    """How a payment was made without this service."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    said: Annotated[Prose, Field(min_length=1, max_length=1000, description="Where and how it was done.")]


async def read(connection: Connection, agent: UUID, delivery: UUID) -> Delivery:
    """One delivery of a dossier that ``agent`` reaches. Raises NotFound, for others' too."""
    found = await repository.read(connection, delivery)
    if found is None or found.dossier_id is None:
        raise NotFound(NO_SUCH_DELIVERY)
    if await dossiers.filed(connection, agent, found.dossier_id) is None:
        raise NotFound(NO_SUCH_DELIVERY)
    return found


async def again(connection: Connection, agent: UUID, delivery: UUID, at: datetime) -> Delivery:
    """Attempt a delivery now, with a new count of attempts; what may have left is asked for first.

    Raises:
        NotFound: there is none.
        Conflict: it is delivered, done elsewhere, or under way.
    """
    changed = {"state": State.READY, "attempts": 0, "next_at": at, "problem": None, "said": None}
    async with connection.transaction():
        done = await _changed(connection, agent, delivery, at, "delivery.again", changed)
        await wake(connection, delivery)
    return done


async def done_elsewhere(
    connection: Connection, agent: UUID, delivery: UUID, elsewhere: Elsewhere, at: datetime
) -> Delivery:
    """Deliver no more: it was paid some other way.

    Raises:
        NotFound, Conflict: as :func:`again`.
    """
    changed = {"state": State.DONE_ELSEWHERE, "said": elsewhere.said, "doubtful": False}
    async with connection.transaction():
        return await _changed(connection, agent, delivery, at, "delivery.done_elsewhere", changed)


def require_waiting(delivery: Delivery, at: datetime) -> None:
    """Refuse what is delivered, done elsewhere or under way at ``at``. Raises Conflict."""
    if delivery.state not in (State.READY, State.FAILED):
        raise Conflict(N_("This delivery is now in the state “%(state)s”."), state=LABELS[delivery.state])
    if delivery.held_until is not None and delivery.held_until > at:
        raise Conflict(N_("This delivery is under way. Look again in a minute."))


async def _changed(
    connection: Connection, agent: UUID, delivery: UUID, at: datetime, did: str, columns: dict[str, object]
) -> Delivery:
    seen = await read(connection, agent, delivery)
    dossier = None if seen.dossier_id is None else await repository.dossier_locked(connection, seen.dossier_id)
    found = await repository.locked(connection, delivery)
    if found is None:
        raise NotFound(NO_SUCH_DELIVERY)
    require_waiting(found, at)
    written = await repository.write(connection, delivery, {**columns, "held_until": None, "updated_at": at})
    if dossier is not None:
        await amend(connection, dossier, by=agent, at=at, did=did)
    return written
