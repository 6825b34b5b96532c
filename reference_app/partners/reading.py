"""What partners read of dossiers and appointments: only of their procedures, only the fields they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from psycopg.rows import class_row

from reference_app.appointments.days import bounds
from reference_app.database import Connection
from reference_app.dossiers.dossier import ROW, Dossier, statement
from reference_app.partners.changes import SCANNED

_READ = statement("""
    SELECT {columns} FROM dossier WHERE id = %(id)s AND procedure = ANY(%(procedures)s) AND state <> 'brouillon'""")

# A part of the key is looked at and then sifted: a partner of a small procedure reads no whole table.
_SCAN = statement("""
    SELECT {columns} FROM dossier WHERE %(after)s::uuid IS NULL OR id > %(after)s ORDER BY id LIMIT %(scanned)s""")

_COUNTED = """
    SELECT lieu.id AS lieu, lieu.name, sum(creneau.capacity)::int AS seats, sum(creneau.taken)::int AS taken
    FROM creneau JOIN lieu ON lieu.id = creneau.lieu_id
    WHERE creneau.procedure = %(procedure)s AND creneau.starts_at >= %(first)s AND creneau.starts_at < %(following)s
    GROUP BY lieu.id, lieu.name ORDER BY lieu.name, lieu.id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """Seats of a place on a day, and how many are taken."""

    lieu: UUID
    name: str
    seats: int
    taken: int


async def dossier(connection: Connection, procedures: Sequence[str], wanted: UUID) -> Dossier | None:
    """One filed dossier of ``procedures``; None for another's, as for none at all."""
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(_READ, {"id": wanted, "procedures": list(procedures)})
        return await cursor.fetchone()


async def dossiers(
    connection: Connection, procedures: Sequence[str], after: UUID | None, limit: int
) -> tuple[list[Dossier], UUID | None]:
    """At most ``limit`` filed dossiers of ``procedures`` in the order they were begun, and where to go on."""
    scanned = limit * SCANNED
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(_SCAN, {"after": after, "scanned": scanned})
        rows = await cursor.fetchall()
    found: list[Dossier] = []
    for row in rows:
        if len(found) == limit:
            return found, found[-1].id
        if row.procedure in procedures and row.receipt_number is not None:
            found.append(row)
    return found, rows[-1].id if len(rows) == scanned else None


async def counted(connection: Connection, procedure: str, day: date) -> list[Attendance]:
    """How many seats each place has on ``day``, and how many are taken."""
    first, following = bounds(day)
    async with connection.cursor(row_factory=class_row(Attendance)) as cursor:
        await cursor.execute(_COUNTED, {"procedure": procedure, "first": first, "following": following})
        return await cursor.fetchall()
