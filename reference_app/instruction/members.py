"""Who is in a group that has members of its own: its supervisors put agents in, and take them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from psycopg.rows import class_row
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from reference_app.database import Connection
from reference_app.dossiers.draft import Email
from reference_app.errors import N_, Conflict, FieldError, Invalid, NotFound
from reference_app.groups import GROUPS
from reference_app.instruction import agents, journal

MOST = 500
"""Members shown of a group."""
NO_SUCH_GROUP = N_("There is no such group among those you supervise.")


class Joining(BaseModel):
    """Who is put in a group."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: Annotated[Email, Field(description="Work address of an agent who has signed in before.")]
    supervisor: Annotated[bool, Field(description="Whether they move dossiers and members too.")] = False


@dataclass(frozen=True, slots=True)
class Member:
    """An agent in a group."""

    agent_id: UUID
    name: str
    email: str | None
    supervisor: bool


_OF_GROUP = """
    SELECT m.agent_id, g.name, g.email, m.supervisor FROM groupe_membre m JOIN agent g ON g.account_id = m.agent_id
    WHERE m.groupe = %(group)s ORDER BY m.agent_id LIMIT %(most)s"""
_SUPERVISED = "SELECT groupe FROM groupe_membre WHERE agent_id = %(agent)s AND supervisor ORDER BY groupe"
_ADD = """
    INSERT INTO groupe_membre (agent_id, groupe, supervisor, added_at)
    VALUES (%(member)s, %(group)s, %(supervisor)s, %(at)s)
    ON CONFLICT (agent_id, groupe) DO UPDATE SET supervisor = excluded.supervisor"""
_SUPERVISORS = "SELECT agent_id FROM groupe_membre WHERE groupe = %(group)s AND supervisor ORDER BY agent_id FOR UPDATE"
_REMOVE = "DELETE FROM groupe_membre WHERE agent_id = %(member)s AND groupe = %(group)s"


async def of_group(connection: Connection, agent: UUID, group: str) -> list[Member]:
    """The members of a group that ``agent`` supervises. Raises NotFound."""
    await require_supervisor(connection, agent, group)
    async with connection.cursor(row_factory=class_row(Member)) as cursor:
        await cursor.execute(_OF_GROUP, {"group": group, "most": MOST})
        return await cursor.fetchall()


async def supervised(connection: Connection, agent: UUID) -> list[str]:
    """The groups that ``agent`` supervises."""
    rows = await (await connection.execute(_SUPERVISED, {"agent": agent})).fetchall()
    return [row[0] for row in rows if row[0] in GROUPS]


async def require_supervisor(connection: Connection, agent: UUID, group: str) -> None:
    """Refuse who does not supervise ``group``. Raises NotFound."""
    if group not in await supervised(connection, agent):
        raise NotFound(NO_SUCH_GROUP)


async def join(connection: Connection, agent: UUID, group: str, joining: Joining, at: datetime) -> None:
    """Put an agent in a group that ``agent`` supervises, or change what they may do there.

    Raises:
        NotFound: ``agent`` does not supervise it.
        Invalid: nobody with this address has signed in.
        Conflict: the last supervisor would be one no more.
    """
    async with connection.transaction():
        await require_supervisor(connection, agent, group)
        found = await agents.by_email(connection, joining.email)
        if found is None:
            raise Invalid({"email": FieldError(N_("No agent with this address has signed in here yet."))})
        if not joining.supervisor:
            await _keep_one(connection, group, found.account_id)
        await put(connection, found.account_id, group, supervisor=joining.supervisor, by=agent, at=at)


async def put(connection: Connection, member: UUID, group: str, *, supervisor: bool, by: UUID, at: datetime) -> None:
    """Put ``member`` in ``group``; the first supervisor is put by a command of whoever runs the service."""
    await connection.execute(_ADD, {"member": member, "group": group, "supervisor": supervisor, "at": at})
    about: dict[str, JsonValue] = {"group": group, "member": str(member), "supervisor": supervisor}
    await journal.add(connection, "member.put", by=by, at=at, about=about)


async def leave(connection: Connection, agent: UUID, group: str, member: UUID, at: datetime) -> None:
    """Take ``member`` out of a group that ``agent`` supervises; repeating it changes nothing.

    Raises:
        NotFound: ``agent`` does not supervise it.
        Conflict: it would have no supervisor left.
    """
    async with connection.transaction():
        await require_supervisor(connection, agent, group)
        await _keep_one(connection, group, member)
        done = await connection.execute(_REMOVE, {"member": member, "group": group})
        if done.rowcount:
            about = {"group": group, "member": str(member)}
            await journal.add(connection, "member.taken_out", by=agent, at=at, about=about)


async def _keep_one(connection: Connection, group: str, member: UUID) -> None:
    """Refuse to lose the last supervisor; the rows are locked, so that two do not leave at once."""
    rows = await (await connection.execute(_SUPERVISORS, {"group": group})).fetchall()
    if [row[0] for row in rows] == [member]:
        raise Conflict(N_("A group keeps one supervisor at least. Name another one first."))
