"""Reading the agents' queue and taking from it: one statement each, each served by an index."""

from __future__ import annotations

from uuid import UUID

from reference_app.database import Connection
from reference_app.dossiers.dossier import ROW, Dossier, statement
from reference_app.dossiers.states import State

# The condition on drafts is what lets PostgreSQL use the partial index; it also keeps drafts their author's alone.
_QUEUE = statement("""
    SELECT {columns} FROM dossier WHERE state = %(state)s AND state <> 'brouillon'
    ORDER BY filed_at, id LIMIT %(limit)s""")

_QUEUE_NEXT = statement("""
    SELECT {columns} FROM dossier WHERE state = %(state)s AND state <> 'brouillon'
       AND (filed_at, id) > (SELECT filed_at, id FROM dossier WHERE id = %(after)s)
    ORDER BY filed_at, id LIMIT %(limit)s""")

_MINE = statement("""
    SELECT {columns} FROM dossier WHERE agent_id = %(agent)s AND state = %(state)s
    ORDER BY filed_at, id LIMIT %(limit)s""")

_MINE_NEXT = statement("""
    SELECT {columns} FROM dossier WHERE agent_id = %(agent)s AND state = %(state)s
       AND (filed_at, id) > (SELECT filed_at, id FROM dossier WHERE id = %(after)s)
    ORDER BY filed_at, id LIMIT %(limit)s""")

_CLAIM = statement("""
    SELECT {columns} FROM dossier WHERE state = 'en_construction' AND correction_asked_at IS NULL
    ORDER BY filed_at, id LIMIT 1 FOR UPDATE SKIP LOCKED""")

_READ = statement("SELECT {columns} FROM dossier WHERE id = %(id)s AND state <> 'brouillon'")

_LOCK = statement("SELECT {columns} FROM dossier WHERE id = %(id)s AND state <> 'brouillon' FOR UPDATE")


async def queue(
    connection: Connection, state: State, agent: UUID | None, after: UUID | None, limit: int
) -> list[Dossier]:
    """Filed dossiers in ``state``, oldest first, from the one after ``after``; with ``agent``, those of this agent."""
    first, following = (_QUEUE, _QUEUE_NEXT) if agent is None else (_MINE, _MINE_NEXT)
    async with connection.cursor(row_factory=ROW) as cursor:
        parameters = {"state": state, "agent": agent, "after": after, "limit": limit}
        await cursor.execute(first if after is None else following, parameters)
        return await cursor.fetchall()


async def next_unclaimed(connection: Connection) -> Dossier | None:
    """The oldest filed dossier that waits for no correction and no other transaction holds, locked; None without."""
    return await _one(connection, _CLAIM, {})


async def filed(connection: Connection, dossier: UUID) -> Dossier | None:
    """One filed dossier; None for a draft, as for none at all."""
    return await _one(connection, _READ, {"id": dossier})


async def locked(connection: Connection, dossier: UUID) -> Dossier | None:
    """Like :func:`filed`, locked until the transaction ends."""
    return await _one(connection, _LOCK, {"id": dossier})


async def _one(connection: Connection, query: bytes, parameters: dict[str, object]) -> Dossier | None:
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchone()
