"""Reading the agents' queue and taking from it: one statement each, each served by an index."""

from __future__ import annotations

from uuid import UUID

from reference_app.database import Connection
from reference_app.dossiers.dossier import COLUMNS, ROW, Dossier
from reference_app.dossiers.states import State


async def queue(
    connection: Connection, state: State, agent: UUID | None, after: UUID | None, limit: int
) -> list[Dossier]:
    """Filed dossiers in ``state``, oldest first, from the one after ``after``; with ``agent``, those of this agent."""
    query = f"""
        SELECT {COLUMNS} FROM dossier
        WHERE state = %(state)s {"AND agent_id = %(agent)s" if agent is not None else ""} AND state <> 'brouillon'
        {"AND (filed_at, id) > (SELECT filed_at, id FROM dossier WHERE id = %(after)s)" if after is not None else ""}
        ORDER BY filed_at, id LIMIT %(limit)s"""  # noqa: S608 (built of constants; values are parameters)
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query.encode(), {"state": state, "agent": agent, "after": after, "limit": limit})
        return await cursor.fetchall()


async def next_unclaimed(connection: Connection) -> Dossier | None:
    """The oldest filed dossier that no other transaction holds, locked; None when there is none."""
    query = f"""
        SELECT {COLUMNS} FROM dossier WHERE state = 'en_construction'
        ORDER BY filed_at, id LIMIT 1 FOR UPDATE SKIP LOCKED"""  # noqa: S608
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query.encode())
        return await cursor.fetchone()


async def filed(connection: Connection, dossier: UUID, *, lock: bool = False) -> Dossier | None:
    """One filed dossier, locked until the transaction ends if ``lock``; None for a draft, as for none at all."""
    query = f"""
        SELECT {COLUMNS} FROM dossier
        WHERE id = %(id)s AND state <> 'brouillon' {"FOR UPDATE" if lock else ""}"""  # noqa: S608
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query.encode(), {"id": dossier})
        return await cursor.fetchone()
