"""One dossier as an agent of its group reads and takes it: one statement each, each served by an index."""

from __future__ import annotations

from uuid import UUID

from reference_app.database import Connection
from reference_app.dossiers.dossier import ROW, Dossier
from reference_app.instruction.reach import reach, reaching

# The condition on drafts is what lets PostgreSQL use the partial index; it also keeps drafts their author's alone.
_CLAIM = reaching("""
    SELECT {columns} FROM dossier
    WHERE {reached} AND state = 'en_construction' AND correction_asked_at IS NULL
    ORDER BY groupe, filed_at, id LIMIT 1 FOR UPDATE SKIP LOCKED""")

# Whoever opens a dossier is written down with it, once a day: its author may ask who did.
_READ = reaching("""
    WITH found AS (SELECT {columns} FROM dossier WHERE id = %(id)s AND state <> 'brouillon' AND {reached}),
    opened AS (INSERT INTO consultation (dossier_id, agent_id, day)
               SELECT id, %(agent)s, (now() AT TIME ZONE 'Europe/Paris')::date FROM found
               ON CONFLICT DO NOTHING)
    SELECT * FROM found""")

_LOCK = reaching("SELECT {columns} FROM dossier WHERE id = %(id)s AND state <> 'brouillon' AND {reached} FOR UPDATE")


async def next_unclaimed(connection: Connection, agent: UUID, group: str | None = None) -> Dossier | None:
    """The oldest filed dossier that waits for no correction and no other transaction holds, locked; None without.

    It is of ``group``, or of the first of the agent's groups that has one.
    """
    return await _one(connection, _CLAIM, reach(agent, group))


async def filed(connection: Connection, agent: UUID, dossier: UUID) -> Dossier | None:
    """One filed dossier that ``agent`` reaches; None for a draft or another group's, as for none at all."""
    return await _one(connection, _READ, reach(agent) | {"id": dossier})


async def locked(connection: Connection, agent: UUID, dossier: UUID) -> Dossier | None:
    """Like :func:`filed`, locked until the transaction ends."""
    return await _one(connection, _LOCK, reach(agent) | {"id": dossier})


async def _one(connection: Connection, query: bytes, parameters: dict[str, object]) -> Dossier | None:
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchone()
