"""Campaigns: made, started, paused, stopped by agents; what there is of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from psycopg.rows import class_row
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from reference_app.database import Connection
from reference_app.dossiers.draft import Line
from reference_app.errors import N_, Conflict, NotFound
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage, unstage
from reference_app.procedure import FILED, PROCEDURES, Procedure

TASK = "campaigns:send"
NO_SUCH_CAMPAIGN = N_("There is no such campaign.")
NOT_NOW = N_("The campaign is no longer in a state that allows this.")
LISTED = 100


class State(StrEnum):
    """Where a campaign stands; one that is stopped sends nothing ever again."""

    PREPARED = "prepared"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


LABELS = {
    State.PREPARED: N_("Being prepared"),
    State.RUNNING: N_("Invitations leave"),
    State.PAUSED: N_("Paused"),
    State.STOPPED: N_("Stopped"),
}

FROM = {
    State.RUNNING: (State.PREPARED, State.PAUSED),
    State.PAUSED: (State.RUNNING,),
    State.STOPPED: (State.PREPARED, State.RUNNING, State.PAUSED),
}
"""From which states an agent may bring a campaign to each."""


def _filed(name: str) -> str:
    if name not in FILED:
        raise PydanticCustomError("literal_error", "no procedure that is filed")
    return name


class NewCampaign(BaseModel):
    """What an agent begins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[Line, Field(min_length=1)]
    procedure: Annotated[str, AfterValidator(_filed)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign."""

    id: UUID
    procedure: str
    title: str
    created_at: datetime
    state: State
    reminded_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))

    @property
    def known(self) -> Procedure:
        """Its procedure."""
        return PROCEDURES[self.procedure]


_READ = "SELECT id, procedure, title, created_at, state, reminded_at FROM campaign WHERE id = %(id)s"
_LIST = """
    SELECT id, procedure, title, created_at, state, reminded_at FROM campaign ORDER BY id DESC LIMIT %(limit)s"""
_CREATE = """
    INSERT INTO campaign (procedure, title, agent_id, created_at)
    VALUES (%(procedure)s, %(title)s, %(agent)s, %(at)s) RETURNING id"""
_CHANGE = "UPDATE campaign SET state = %(to)s WHERE id = %(id)s AND state = ANY(%(from)s)"
_REMIND = """
    WITH asked AS (UPDATE campaign SET reminded_at = %(at)s
                   WHERE id = %(id)s AND state = 'running' AND reminded_at IS NULL RETURNING id, procedure)
    UPDATE invitation i SET reminder = 'waiting' FROM asked
    WHERE i.campaign_id = asked.id AND i.state = 'sent' AND NOT EXISTS (
        SELECT FROM dossier d
        WHERE d.account_id = i.account_id AND d.procedure = asked.procedure AND d.state <> 'brouillon')"""


async def create(connection: Connection, agent: UUID, wanted: NewCampaign, at: datetime) -> UUID:
    """Begin a campaign; nothing leaves before it is started."""
    parameters = {**wanted.model_dump(), "agent": agent, "at": at}
    row = await (await connection.execute(_CREATE, parameters)).fetchone()
    assert row is not None  # nosec B101 (an INSERT of one row returns it)
    return UUID(str(row[0]))


async def read(connection: Connection, campaign: UUID) -> Campaign:
    """One campaign. Raises NotFound."""
    async with connection.cursor(row_factory=class_row(Campaign)) as cursor:
        found = await (await cursor.execute(_READ, {"id": campaign})).fetchone()
    if found is None:
        raise NotFound(NO_SUCH_CAMPAIGN)
    return found


async def listed(connection: Connection) -> list[Campaign]:
    """The newest campaigns."""
    async with connection.cursor(row_factory=class_row(Campaign)) as cursor:
        return await (await cursor.execute(_LIST, {"limit": LISTED})).fetchall()


async def change(connection: Connection, campaign: UUID, to: State) -> None:
    """Start, pause or stop; repeating it changes nothing. Raises NotFound, Conflict."""
    async with connection.transaction():
        found = await read(connection, campaign)
        if found.state is to:
            return
        parameters = {"id": campaign, "to": to, "from": list(FROM.get(to, ()))}
        if (await connection.execute(_CHANGE, parameters)).rowcount == 0:
            raise Conflict(NOT_NOW)
        if to is State.RUNNING:
            await go_on(connection, campaign)


async def remind(connection: Connection, campaign: UUID, at: datetime) -> None:
    """Have everyone reminded who was invited and did not file; once a campaign. Raises NotFound, Conflict."""
    async with connection.transaction():
        found = await read(connection, campaign)
        if found.reminded_at is not None:
            return
        if found.state is not State.RUNNING:
            raise Conflict(NOT_NOW)
        await connection.execute(_REMIND, {"id": campaign, "at": at})
        await go_on(connection, campaign)


async def go_on(connection: Connection, campaign: UUID, at: datetime | None = None) -> None:
    """Have the next invitations of a campaign sent, at ``at`` or as soon as may be; one job waits at most."""
    name = f"campaign {campaign}"
    if at is None:
        await unstage(connection, name)  # one that waits for later would hold up this one
    await stage(connection, TASK, {"campaign": str(campaign)}, queue=Queue.HOURS, at=at, lock=name, once=name)
