"""What an agent reaches: the condition that every statement on dossiers carries, and who is in which group.

Whether an agent is in a group is looked up by the statement itself: somebody who was taken out a moment ago, on another
replica, reaches nothing more.
"""

from __future__ import annotations

from typing import LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.rows import scalar_row

from reference_app.database import Connection
from reference_app.dossiers.dossier import COLUMNS
from reference_app.groups import GROUPS, GroupOfAgents

OPEN = [group.id for group in GROUPS.values() if group.open]
CLOSED = [group.id for group in GROUPS.values() if not group.open]

# PostgreSQL reads an index that begins with the group in its order for such a list, without sorting.
REACHED = sql.SQL("""groupe = ANY (%(open)s::text[] || ARRAY (
        SELECT groupe FROM groupe_membre WHERE agent_id = %(agent)s AND groupe = ANY (%(closed)s::text[])))""")

# The group that is open to all agents has the name of its procedure; the others begin with it.
PROCEDURE_REACHED = sql.SQL("""procedure = ANY (%(open)s::text[] || ARRAY (
        SELECT split_part(groupe, '/', 1) FROM groupe_membre
        WHERE agent_id = %(agent)s AND groupe = ANY (%(closed)s::text[])))""")

_GROUPS_OF = "SELECT groupe FROM groupe_membre WHERE agent_id = %(agent)s ORDER BY groupe"


def reaching(text: LiteralString) -> bytes:
    """A statement with ``{columns}`` and ``{reached}`` filled in: made once, of constants."""
    return sql.SQL(text).format(columns=COLUMNS, reached=REACHED).as_bytes()


def reaching_procedure(text: LiteralString) -> bytes:
    """The same for what belongs to a procedure as a whole: ``{reached}`` is that the agent is in a group of it."""
    return sql.SQL(text).format(reached=PROCEDURE_REACHED).as_bytes()


def reach(agent: UUID, group: str | None = None, procedure: str | None = None) -> dict[str, object]:
    """The values of ``{reached}``: all that ``agent`` reaches, or what of it is of one group or one procedure."""

    def among(ids: list[str]) -> list[str]:
        return [i for i in ids if group in (None, i) and procedure in (None, GROUPS[i].procedure)]

    return {"agent": agent, "open": among(OPEN), "closed": among(CLOSED)}


async def groups_of(connection: Connection, agent: UUID) -> list[GroupOfAgents]:
    """The groups ``agent`` is in; asks the database only where a group has members of its own."""
    if not CLOSED:
        return list(GROUPS.values())
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(_GROUPS_OF, {"agent": agent})
        member_of = set(await cursor.fetchall())
    return [group for group in GROUPS.values() if group.open or group.id in member_of]
