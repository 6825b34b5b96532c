"""Reading all that is held about a person, in parts that fit in memory however much it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from reference_app.database import Connection
from reference_app.dossiers import repository
from reference_app.pieces.piece import ROW as PIECE_ROW
from reference_app.pieces.piece import Piece
from reference_app.pieces.piece import statement as of_pieces
from reference_app.rights import keeping
from reference_app.rights.holding import Holding
from reference_app.rights.inventory import ACCOUNT, DOSSIER, OF_ACCOUNT, OF_DOSSIER

AT_ONCE = 20
"""Dossiers read together."""

Row = dict[str, Any]
_STATEMENTS = {holding.table: holding.statement() for holding in (ACCOUNT, *OF_ACCOUNT, *OF_DOSSIER)} | {
    DOSSIER.table: DOSSIER.statement("AND id = ANY(%(dossiers)s)")
}

_FILES = of_pieces("""
    SELECT {columns} FROM piece JOIN dossier ON dossier.id = dossier_id
    WHERE dossier.account_id = %(account)s AND object IS NOT NULL ORDER BY piece.id""")


async def of_account(connection: Connection, account: UUID) -> dict[str, list[Row]]:
    """What is held of ``account`` beside its dossiers, by table; the account itself first."""
    return {
        holding.table: await _rows(connection, holding, account=account, dossiers=())
        for holding in (ACCOUNT, *OF_ACCOUNT)
    }


async def dossiers(connection: Connection, account: UUID) -> AsyncIterator[Row]:
    """The dossiers of ``account``, newest first, each with what belongs to it by table."""
    after: UUID | None = None
    while found := await repository.list_of_account(connection, account, after, AT_ONCE):
        after = found[-1].id
        wanted = [dossier.id for dossier in found]
        rows = {row["id"]: row for row in await _rows(connection, DOSSIER, account=account, dossiers=wanted)}
        parts = {one.table: await _rows(connection, one, account=account, dossiers=wanted) for one in OF_DOSSIER}
        sorted_out = {table: _by_dossier(part) for table, part in parts.items()}
        for dossier in found:
            row = rows[dossier.id]
            row["kept_until"] = keeping.until(dossier)
            yield row | {table: part[dossier.id] for table, part in sorted_out.items()}


async def files(connection: Connection, account: UUID, fits: int) -> tuple[list[Piece], int]:
    """The pieces of ``account`` that have bytes, oldest first, as long as they fit; and how many do not."""
    async with connection.cursor(row_factory=PIECE_ROW) as cursor:
        await cursor.execute(_FILES, {"account": account})
        found = await cursor.fetchall()
    taken: list[Piece] = []
    for piece in found:
        fits -= piece.size
        if fits < 0:
            break
        taken.append(piece)
    return taken, len(found) - len(taken)


async def _rows(connection: Connection, holding: Holding, *, account: UUID, dossiers: Iterable[UUID]) -> list[Row]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_STATEMENTS[holding.table], {"account": account, "dossiers": list(dossiers)})
        return await cursor.fetchall()


def _by_dossier(rows: Iterable[Row]) -> defaultdict[UUID, list[Row]]:
    found: defaultdict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.pop("of")].append(row)
    return found
