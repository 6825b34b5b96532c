"""Reading and writing deliveries: one statement each, each served by an index."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row

from reference_app.database import Connection
from reference_app.deliveries.delivery import ROW, Delivery, State
from reference_app.dossiers.dossier import ROW as DOSSIER_ROW
from reference_app.dossiers.dossier import Dossier, statement
from reference_app.instruction.reach import REACHED, reach

_COLUMNS = sql.SQL(", ").join(map(sql.Identifier, Delivery.__dataclass_fields__))


def _statement(text: str) -> bytes:
    return text.replace("{columns}", _COLUMNS.as_string()).encode()


# Accepted once more after it was reopened: what may have left stays as it is, and nobody is paid twice.
_OWE = """
    INSERT INTO delivery (dossier_id, procedure, reference, amount, next_at, created_at, updated_at)
    VALUES (%(dossier)s, %(procedure)s, %(reference)s, %(amount)s, %(at)s, %(at)s, %(at)s)
    ON CONFLICT (dossier_id) DO UPDATE
        SET amount = excluded.amount, state = 'ready', attempts = 0, next_at = excluded.next_at, problem = NULL,
            said = NULL, updated_at = excluded.updated_at
        WHERE delivery.state IN ('ready', 'failed') AND NOT delivery.doubtful
    RETURNING id"""

# A dossier that was reopened is owed nothing until it is accepted again. A row that another worker looks at is its own.
_CLAIM = _statement("""
    SELECT {columns} FROM delivery
    WHERE state = 'ready' AND next_at <= %(now)s AND (held_until IS NULL OR held_until <= %(now)s)
      AND (%(id)s::uuid IS NULL OR id = %(id)s) AND (attempts = 0 OR %(retry)s)
      AND EXISTS (SELECT FROM dossier WHERE dossier.id = dossier_id AND dossier.state = 'accepte')
    ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED""")
_HOLD = _statement("""
    UPDATE delivery SET attempts = attempts + 1, doubtful = true, held_until = %(until)s, updated_at = %(now)s
    WHERE id = %(id)s RETURNING {columns}""")
_PAYEE = "SELECT procedure, answers FROM dossier WHERE id = %(dossier)s"

_LOCK_DOSSIER = statement("SELECT {columns} FROM dossier WHERE id = %(id)s FOR UPDATE")

_READ = _statement("SELECT {columns} FROM delivery WHERE id = %(id)s")
_LOCK = _statement("SELECT {columns} FROM delivery WHERE id = %(id)s FOR UPDATE")
_OF_DOSSIER = _statement("SELECT {columns} FROM delivery WHERE dossier_id = %(id)s")
_LISTED = (
    sql.SQL("""
    SELECT {columns} FROM delivery JOIN dossier ON dossier.id = delivery.dossier_id
    WHERE delivery.state = %(state)s AND {reached} AND (%(after)s::uuid IS NULL OR delivery.id > %(after)s)
    ORDER BY delivery.id LIMIT %(limit)s""")
    .format(
        columns=sql.SQL(", ").join(sql.Identifier("delivery", name) for name in Delivery.__dataclass_fields__),
        reached=REACHED,
    )
    .as_bytes()
)
# What was sent is counted for one day only: the others of years would be counted on every look.
_COUNTS = """
    SELECT (SELECT count(*) FROM delivery WHERE state = 'ready') AS ready,
           (SELECT count(*) FROM delivery WHERE accepted_on = %(day)s) AS sent,
           (SELECT count(*) FROM delivery WHERE state = 'failed') AS failed,
           (SELECT count(*) FROM delivery WHERE state = 'done_elsewhere') AS done_elsewhere"""
_OLDEST = "SELECT min(created_at) FROM delivery WHERE state = 'ready'"
_OF_DAY = _statement("SELECT {columns} FROM delivery WHERE accepted_on = %(day)s")
_OF_REFERENCES = _statement("SELECT {columns} FROM delivery WHERE reference = ANY(%(references)s)")


async def owe(
    connection: Connection, dossier: UUID, procedure: str, reference: str, amount: int, at: datetime
) -> UUID | None:
    """What a dossier is owed; None when that has left already, or may have."""
    values = {"dossier": dossier, "procedure": procedure, "reference": reference, "amount": amount, "at": at}
    row = await (await connection.execute(_OWE, values)).fetchone()
    return None if row is None else row[0]


async def due(connection: Connection, now: datetime, delivery: UUID | None, *, retry: bool) -> Delivery | None:
    """One delivery that may be attempted, locked: ``delivery`` or the one due for longest; retries if they may be."""
    return await _one(connection, _CLAIM, {"now": now, "id": delivery, "retry": retry})


async def hold(connection: Connection, delivery: UUID, now: datetime, until: datetime) -> Delivery:
    """Begin an attempt: from here on its outcome is unknown until it is written down."""
    held = await _one(connection, _HOLD, {"id": delivery, "now": now, "until": until})
    assert held is not None  # nosec B101 (the caller holds the lock of this row)
    return held


async def payee(connection: Connection, dossier: UUID) -> tuple[str, dict[str, Any]]:
    """The procedure and the answers of a dossier that is owed something."""
    row = await (await connection.execute(_PAYEE, {"dossier": dossier})).fetchone()
    assert row is not None  # nosec B101 (read in the transaction that found it accepted)
    return row[0], row[1]


async def dossier_locked(connection: Connection, dossier: UUID) -> Dossier | None:
    """A dossier that is owed something, locked until the transaction ends; who may see it is the caller's to ask."""
    async with connection.cursor(row_factory=DOSSIER_ROW) as cursor:
        await cursor.execute(_LOCK_DOSSIER, {"id": dossier})
        return await cursor.fetchone()


async def read(connection: Connection, delivery: UUID) -> Delivery | None:
    """One delivery."""
    return await _one(connection, _READ, {"id": delivery})


async def locked(connection: Connection, delivery: UUID) -> Delivery | None:
    """Like :func:`read`, locked until the transaction ends."""
    return await _one(connection, _LOCK, {"id": delivery})


async def of_dossier(connection: Connection, dossier: UUID) -> Delivery | None:
    """The delivery of a dossier."""
    return await _one(connection, _OF_DOSSIER, {"id": dossier})


async def write(connection: Connection, delivery: UUID, columns: Mapping[str, object]) -> Delivery:
    """Change ``columns`` of a locked delivery."""
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in columns
    )
    query = sql.SQL("UPDATE delivery SET {} WHERE id = {} RETURNING {}").format(
        assignments, sql.Placeholder("id"), _COLUMNS
    )
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query, {**columns, "id": delivery})
        changed = await cursor.fetchone()
    assert changed is not None  # nosec B101 (the caller holds the lock of this row)
    return changed


async def listed(connection: Connection, agent: UUID, state: State, after: UUID | None, limit: int) -> list[Delivery]:
    """Deliveries in ``state`` of dossiers that ``agent`` reaches, oldest first, from the one after ``after``."""
    return await _all(connection, _LISTED, reach(agent) | {"state": state, "after": after, "limit": limit})


async def counts(connection: Connection, day: date) -> dict[State, int]:
    """How many deliveries are in each state; of those sent, the ones of ``day``."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_COUNTS, {"day": day})
        row = await cursor.fetchone()
    assert row is not None  # nosec B101 (a statement without FROM)
    return {state: row[state.value] for state in State}


async def oldest_ready(connection: Connection) -> datetime | None:
    """When the delivery that waits for longest was decided; None when none waits."""
    row = await (await connection.execute(_OLDEST)).fetchone()
    found = None if row is None else row[0]
    assert found is None or isinstance(found, datetime)  # nosec B101 (an invariant)
    return found


async def of_day(connection: Connection, day: date) -> list[Delivery]:
    """Deliveries that the finance system said it took on ``day``."""
    return await _all(connection, _OF_DAY, {"day": day})


async def of_references(connection: Connection, references: list[str]) -> list[Delivery]:
    """Deliveries with these references."""
    return await _all(connection, _OF_REFERENCES, {"references": references})


async def _one(connection: Connection, query: bytes, values: Mapping[str, object]) -> Delivery | None:
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchone()


async def _all(connection: Connection, query: bytes, values: Mapping[str, object]) -> list[Delivery]:
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()
