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
from reference_app.dossiers.draft import SENTENCES, Line, Optional
from reference_app.errors import N_, Conflict, FieldError, Invalid, NotFound
from reference_app.instruction.reach import reach, reaching_procedure
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

    title: Annotated[Line, Field(min_length=1, description="Subject of the mails.")]
    title_en: Annotated[
        Line | None, Optional, Field(description="Subject for firms whose line says English; else they get the other.")
    ] = None
    procedure: Annotated[str, AfterValidator(_filed), Field(json_schema_extra={"enum": sorted(FILED)})]


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign."""

    id: UUID
    procedure: str
    title: str
    title_en: str | None
    created_at: datetime
    state: State
    reminded_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))

    @property
    def known(self) -> Procedure:
        """Its procedure."""
        return PROCEDURES[self.procedure]


_READ = reaching_procedure("""
    SELECT id, procedure, title, title_en, created_at, state, reminded_at FROM campaign
    WHERE id = %(id)s AND {reached}""")
_LIST = reaching_procedure("""
    SELECT id, procedure, title, title_en, created_at, state, reminded_at FROM campaign
    WHERE {reached} ORDER BY id DESC LIMIT %(limit)s""")
_CREATE = reaching_procedure("""
    WITH wanted AS (SELECT %(procedure)s::text AS procedure)
    INSERT INTO campaign (procedure, title, title_en, agent_id, created_at)
    SELECT procedure, %(title)s, %(title_en)s, %(agent)s, %(at)s FROM wanted WHERE {reached}
    RETURNING id, procedure, title, title_en, created_at, state, reminded_at""")
_CHANGE = "UPDATE campaign SET state = %(to)s WHERE id = %(id)s AND state = ANY(%(from)s)"
_REMIND = """
    WITH asked AS (UPDATE campaign SET reminded_at = %(at)s
                   WHERE id = %(id)s AND state = 'running' AND reminded_at IS NULL RETURNING id, procedure)
    UPDATE invitation i SET reminder = 'waiting' FROM asked
    WHERE i.campaign_id = asked.id AND i.state = 'sent' AND NOT EXISTS (
        SELECT FROM dossier d
        WHERE d.account_id = i.account_id AND d.procedure = asked.procedure AND d.state <> 'brouillon')"""


async def create(connection: Connection, agent: UUID, wanted: NewCampaign, at: datetime) -> Campaign:
    """Begin a campaign; nothing leaves before it is started. Raises Invalid for a procedure of other agents."""
    parameters = {**wanted.model_dump(), **reach(agent), "at": at}
    async with connection.cursor(row_factory=class_row(Campaign)) as cursor:
        made = await (await cursor.execute(_CREATE, parameters)).fetchone()
    if made is None:
        raise Invalid({"procedure": FieldError(SENTENCES["literal_error"])})
    return made


async def read(connection: Connection, agent: UUID, campaign: UUID) -> Campaign:
    """One campaign of a procedure that ``agent`` handles. Raises NotFound, for another's too."""
    async with connection.cursor(row_factory=class_row(Campaign)) as cursor:
        found = await (await cursor.execute(_READ, {"id": campaign, **reach(agent)})).fetchone()
    if found is None:
        raise NotFound(NO_SUCH_CAMPAIGN)
    return found


async def listed(connection: Connection, agent: UUID) -> list[Campaign]:
    """The newest campaigns of the procedures that ``agent`` handles."""
    async with connection.cursor(row_factory=class_row(Campaign)) as cursor:
        return await (await cursor.execute(_LIST, {"limit": LISTED, **reach(agent)})).fetchall()


async def change(connection: Connection, agent: UUID, campaign: UUID, to: State) -> None:
    """Start, pause or stop; repeating it changes nothing. Raises NotFound, Conflict."""
    async with connection.transaction():
        found = await read(connection, agent, campaign)
        if found.state is to:
            return
        parameters = {"id": campaign, "to": to, "from": list(FROM.get(to, ()))}
        if (await connection.execute(_CHANGE, parameters)).rowcount == 0:
            raise Conflict(NOT_NOW)
        if to is State.RUNNING:
            await go_on(connection, campaign)


async def remind(connection: Connection, agent: UUID, campaign: UUID, at: datetime) -> None:
    """Have everyone reminded who was invited and did not file; once a campaign. Raises NotFound, Conflict."""
    async with connection.transaction():
        found = await read(connection, agent, campaign)
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
