"""Reading and writing pieces: one statement each, each served by an index."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from psycopg.rows import scalar_row

from reference_app.database import Connection
from reference_app.pieces.intake import Received
from reference_app.pieces.piece import ROW, Piece, State, statement

_OF_DOSSIER = statement("SELECT {columns} FROM piece WHERE dossier_id = %(id)s ORDER BY piece.id LIMIT 400")

_OF_ACCOUNT = statement("""
    SELECT {columns} FROM piece JOIN dossier ON dossier.id = dossier_id
    WHERE piece.id = %(piece)s AND dossier_id = %(id)s AND name = %(name)s AND dossier.account_id = %(account)s""")

_ONE = statement("SELECT {columns} FROM piece WHERE id = %(piece)s AND dossier_id = %(id)s AND name = %(name)s")

_SENT_BY = """
    SELECT count(*), coalesce(sum(size), 0)::bigint FROM piece
    WHERE account_id = %(account)s AND sent_at > %(since)s"""

_ADD = statement("""
    INSERT INTO piece (dossier_id, account_id, name, filename, kind, size, digest, object, state, sent_at)
    VALUES (%(id)s, %(account)s, %(name)s, %(filename)s, %(kind)s, %(size)s, %(digest)s, %(object)s, %(state)s, %(at)s)
    RETURNING {columns}""")

_REMOVE = "DELETE FROM piece WHERE id = ANY (%(pieces)s::uuid[]) RETURNING object"

_FORGET = "DELETE FROM piece WHERE dossier_id = ANY (%(dossiers)s::uuid[]) RETURNING object"

# The time of its last change stays: a form that is open meanwhile holds nothing old.
_COUNT = "UPDATE dossier SET pieces = %(count)s WHERE id = %(id)s"

_FIND = statement("SELECT {columns} FROM piece WHERE id = %(id)s")

# Only of what was not judged: a scan that ends twice changes nothing the second time.
_SCANNED = """
    UPDATE piece SET state = %(state)s, scanned_at = %(at)s, object = CASE WHEN %(keep)s THEN object END
    WHERE id = %(id)s AND object = %(object)s AND scanned_at IS NULL"""

_UNSCANNED = """
    SELECT id FROM piece WHERE scanned_at IS NULL AND sent_at < %(before)s
    ORDER BY sent_at LIMIT %(limit)s"""

_KNOWN = "SELECT object FROM piece WHERE object = ANY (%(objects)s::text[])"


async def of_dossier(connection: Connection, dossier: UUID) -> list[Piece]:
    """The pieces of a dossier, oldest first; more than a procedure can ask for are never there."""
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(_OF_DOSSIER, {"id": dossier})
        return await cursor.fetchall()


async def of_account(connection: Connection, account: UUID, dossier: UUID, name: str, piece: UUID) -> Piece | None:
    """One piece of a dossier of ``account``; None for another's, as for one that does not exist."""
    return await _one(connection, _OF_ACCOUNT, {"account": account, "id": dossier, "name": name, "piece": piece})


async def one(connection: Connection, dossier: UUID, name: str, piece: UUID) -> Piece | None:
    """One piece of a dossier that the caller may read."""
    return await _one(connection, _ONE, {"id": dossier, "name": name, "piece": piece})


async def sent_by(connection: Connection, account: UUID, since: datetime) -> tuple[int, int]:
    """How many pieces ``account`` sent after ``since``, and their bytes, those removed since then left out."""
    cursor = await connection.execute(_SENT_BY, {"account": account, "since": since})
    row = await cursor.fetchone()
    assert row is not None  # nosec B101 (an aggregate gives one row)
    return row[0], row[1]


async def add(
    connection: Connection,
    dossier: UUID,
    name: str,
    filename: str,
    received: Received,
    state: State,
    *,
    by: UUID,
    at: datetime,
) -> Piece:
    """A new piece, whose bytes are kept already; the caller holds the dossier."""
    values: dict[str, object] = {
        "id": dossier,
        "account": by,
        "name": name,
        "filename": filename,
        "kind": received.kind,
        "size": received.size,
        "digest": received.digest,
        "object": received.object,
        "state": state,
        "at": at,
    }
    added = await _one(connection, _ADD, values)
    assert added is not None  # nosec B101 (states an invariant to the reader and to the type checker)
    return added


async def remove(connection: Connection, pieces: Collection[UUID]) -> list[str]:
    """Delete these pieces; the keys of their bytes, which are still to be deleted."""
    return await _objects(connection, _REMOVE, {"pieces": list(pieces)})


async def forget(connection: Connection, dossiers: Collection[UUID]) -> list[str]:
    """Delete every piece of these dossiers; the keys of their bytes, which are still to be deleted."""
    return await _objects(connection, _FORGET, {"dossiers": list(dossiers)})


async def count(connection: Connection, dossier: UUID, pieces: int) -> None:
    """Keep with a draft how many pieces it has; the caller holds it."""
    await connection.execute(_COUNT, {"id": dossier, "count": pieces})


async def find(connection: Connection, piece: UUID) -> Piece | None:
    """One piece, whosever it is: for jobs."""
    return await _one(connection, _FIND, {"id": piece})


async def scanned(connection: Connection, piece: Piece, state: State, at: datetime) -> bool:
    """Keep what a scan of its bytes said; whether the piece waited for that, with the same bytes."""
    values = {
        "id": piece.id,
        "object": piece.object,
        "state": state,
        "at": at,
        "keep": state is not State.INFECTEE,
    }
    return (await connection.execute(_SCANNED, values)).rowcount == 1


async def unscanned(connection: Connection, before: datetime, limit: int) -> list[UUID]:
    """Pieces sent before ``before`` that no scanner has looked at, oldest first."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(_UNSCANNED, {"before": before, "limit": limit})
        return await cursor.fetchall()


async def known(connection: Connection, objects: Collection[str]) -> set[str]:
    """Those of ``objects`` that are the bytes of a piece."""
    return set(await _objects(connection, _KNOWN, {"objects": list(objects)}))


async def _objects(connection: Connection, query: str, parameters: dict[str, object]) -> list[str]:
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(query, parameters)
        return [key for key in await cursor.fetchall() if key is not None]


async def _one(connection: Connection, query: bytes, parameters: dict[str, object]) -> Piece | None:
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchone()
