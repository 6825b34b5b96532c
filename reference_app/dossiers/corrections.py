"""Corrections: what an agent asks the author of a dossier to mend, one pending at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from psycopg.rows import class_row
from pydantic import BaseModel, ConfigDict, Field

from reference_app.database import Connection
from reference_app.dossiers import repository
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.draft import Prose
from reference_app.dossiers.operations import amend
from reference_app.dossiers.receipt import LEGAL_TIME, silence_date
from reference_app.dossiers.states import State, require_in
from reference_app.errors import N_, Conflict, NotFound
from reference_app.pieces import holding as pieces


class Reason(StrEnum):
    """What is wrong with a dossier, in the words of demarches-simplifiees."""

    INCORRECT = "incorrect"
    INCOMPLETE = "incomplete"
    OUTDATED = "outdated"


LABELS = {
    Reason.INCORRECT: N_("Something is not right"),
    Reason.INCOMPLETE: N_("Something is missing"),
    Reason.OUTDATED: N_("Something is no longer valid"),
}


class Wanted(BaseModel):
    """What is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Reason
    said: Annotated[Prose, Field(min_length=1, description="What to mend, as the author will read it.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One request to mend; ``resolved_at`` is None while it waits for the author."""

    id: UUID
    reason: Reason
    said: str
    asked_at: datetime
    resolved_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", Reason(self.reason))


_ROW = class_row(Correction)
_OF_DOSSIER = """
    SELECT id, reason, said, asked_at, resolved_at FROM correction WHERE dossier_id = %(id)s ORDER BY id LIMIT 100"""
_ASK = """
    INSERT INTO correction (dossier_id, agent_id, reason, said, asked_at)
    VALUES (%(id)s, %(agent)s, %(reason)s, %(said)s, %(at)s)"""
_RESOLVE = """
    UPDATE correction SET resolved_at = %(at)s WHERE dossier_id = %(id)s AND resolved_at IS NULL
    RETURNING id, reason, said, asked_at, resolved_at"""


async def of_dossier(connection: Connection, dossier: UUID) -> list[Correction]:
    """The corrections asked for a dossier, oldest first; a hundred at most."""
    async with connection.cursor(row_factory=_ROW) as cursor:
        await cursor.execute(_OF_DOSSIER, {"id": dossier})
        return await cursor.fetchall()


async def pending(connection: Connection, dossier: Dossier) -> Correction | None:
    """What its author has to mend now; asks the database only when there is something."""
    if dossier.correction_asked_at is None:
        return None
    return next((one for one in await of_dossier(connection, dossier.id) if one.resolved_at is None), None)


async def ask(connection: Connection, agent: UUID, dossier: UUID, wanted: Wanted, at: datetime) -> None:
    """Write down what is asked; the caller holds the dossier and changes its state."""
    parameters = {"id": dossier, "agent": agent, "reason": wanted.reason, "said": wanted.said, "at": at}
    await connection.execute(_ASK, parameters)


async def resolve(connection: Connection, account: UUID, dossier: UUID, at: datetime) -> Dossier:
    """Send a dossier back to the agents after its author mended it.

    The time it took is added to the silence date; what was incomplete starts that time anew, since it runs from the day
    on which nothing is missing (CRPA, art. L114-5; docs/reference/law.md says how far that was checked).

    Raises:
        NotFound: ``account`` has no such dossier.
        Conflict: no correction is pending.
        Invalid: a field or piece needed to file is missing, or the procedure is not for such a request.
    """
    async with connection.transaction():
        found = await repository.locked(connection, account, dossier)
        if found is None:
            raise NotFound(repository.NO_SUCH_DOSSIER)
        require_in(found.state, State.EN_CONSTRUCTION)
        await pieces.require_whole(connection, found)
        async with connection.cursor(row_factory=_ROW) as cursor:
            await cursor.execute(_RESOLVE, {"id": dossier, "at": at})
            resolved = await cursor.fetchone()
        if resolved is None:
            raise Conflict(N_("No correction is asked for this dossier."))
        silence_on = decides_on(found, resolved)
        return await amend(connection, found, by=account, at=at, correction_asked_at=None, silence_on=silence_on)


def decides_on(dossier: Dossier, resolved: Correction) -> date:
    """The silence date of ``dossier`` once ``resolved`` was."""
    assert dossier.silence_on is not None  # nosec B101 (a filed dossier has one)
    assert resolved.resolved_at is not None  # nosec B101 (the caller has just set it)
    asked, done = (moment.astimezone(LEGAL_TIME).date() for moment in (resolved.asked_at, resolved.resolved_at))
    if resolved.reason is Reason.INCOMPLETE:
        return silence_date(done, dossier.filing.silence_months)
    return dossier.silence_on + (done - asked)
