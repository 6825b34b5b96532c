"""Publishing: each month once, when its time has come; what was published never changes (docs/decisions/0183)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from reference_app.database import Connection
from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.months import months_after
from reference_app.open_data.figures import of_month, plain
from reference_app.open_data.files import made
from reference_app.procedure import FILED, Procedure, filing_of

AFTER_SILENCE_MONTHS = 1
"""For corrections, which move the day on which silence decides."""

_FIRST = "SELECT min(filed_at) FROM dossier WHERE procedure = %(procedure)s AND filed_at IS NOT NULL"
_PUBLISHED = "SELECT month, cells FROM published_month WHERE procedure = %(procedure)s ORDER BY month"
_ADD = """
    INSERT INTO published_month (procedure, month, cells, published_at)
    VALUES (%(procedure)s, %(month)s, %(cells)s, %(at)s) ON CONFLICT DO NOTHING"""
_PUT = """
    INSERT INTO published_file (procedure, name, media_type, body, digest, made_at)
    VALUES (%(procedure)s, %(name)s, %(media_type)s, %(body)s, %(digest)s, %(at)s)
    ON CONFLICT (procedure, name) DO UPDATE
    SET media_type = excluded.media_type, body = excluded.body, digest = excluded.digest, made_at = excluded.made_at
    WHERE published_file.digest <> excluded.digest"""
_FILE = "SELECT media_type, body, digest FROM published_file WHERE procedure = %(procedure)s AND name = %(name)s"
_MADE = "SELECT procedure, made_at FROM published_file WHERE name = 'data.csv'"


async def publish(connection: Connection, at: datetime, address: str) -> int:
    """Publish every month that is due; returns how many. Done again, it adds nothing."""
    added = 0
    for procedure in FILED.values():
        added += await _months(connection, procedure, at)
        rows = await (await connection.execute(_PUBLISHED, {"procedure": procedure.id})).fetchall()
        for file in made(procedure, [(row[0], row[1]) for row in rows], address):
            values = {"name": file.name, "media_type": file.media_type, "body": file.body, "digest": file.digest}
            await connection.execute(_PUT, values | {"procedure": procedure.id, "at": at})
    return added


async def file(connection: Connection, procedure: str, name: str) -> dict[str, Any] | None:
    """A file as it is served: its type, bytes and digest; None while there is none."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_FILE, {"procedure": procedure, "name": name})
        return await cursor.fetchone()


async def made_at(connection: Connection) -> dict[str, datetime]:
    """When the file of each procedure last changed."""
    return dict(await (await connection.execute(_MADE)).fetchall())


def due(procedure: Procedure, first: date, today: date) -> Iterator[date]:
    """The months from that of ``first`` whose dossiers silence has decided by ``today``, each by its first day."""
    month = first.replace(day=1)
    waiting = 1 + filing_of(procedure).silence_months + AFTER_SILENCE_MONTHS
    while months_after(month, waiting) < today:
        yield month
        month = months_after(month, 1)


async def _months(connection: Connection, procedure: Procedure, at: datetime) -> int:
    row = await (await connection.execute(_FIRST, {"procedure": procedure.id})).fetchone()
    if row is None or row[0] is None:
        return 0
    rows = await connection.execute(_PUBLISHED, {"procedure": procedure.id})
    there = {month for month, _ in await rows.fetchall()}
    added = 0
    for month in due(procedure, row[0].astimezone(LEGAL_TIME).date(), at.astimezone(LEGAL_TIME).date()):
        if month not in there:
            cells = Jsonb(plain(await of_month(connection, procedure.id, month)))
            values = {"procedure": procedure.id, "month": month, "cells": cells, "at": at}
            added += (await connection.execute(_ADD, values)).rowcount
    return added
