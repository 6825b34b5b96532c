"""Pieces in the log of operations: each named by its digest when it comes, goes, or is filed, and compared with it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from enum import StrEnum
from uuid import UUID

from psycopg.rows import dict_row

from reference_app.database import Connection
from reference_app.dossiers.dossier import Dossier
from reference_app.pieces import repository
from reference_app.pieces.piece import Piece


class _Did(StrEnum):
    FILED = "pieces.filed"
    SENT = "piece.sent"
    REMOVED = "piece.removed"


def sent(name: str, digest: bytes, instead_of: Iterable[Piece]) -> str:
    """The words of the log for a piece that came, and for those whose place it took."""
    return " ".join([_Did.SENT, _word(name, digest), *(_word(piece.name, piece.digest) for piece in instead_of)])


def removed(piece: Piece) -> str:
    """The words of the log for a piece that was taken away."""
    return f"{_Did.REMOVED} {_word(piece.name, piece.digest)}"


async def filed(connection: Connection, dossier: Dossier) -> str | None:
    """The words of the log for the pieces that a draft is filed with; None without any."""
    if not dossier.pieces:
        return None
    held = await repository.of_dossier(connection, dossier.id)
    return " ".join([_Did.FILED, *(_word(piece.name, piece.digest) for piece in held)])


async def differing(connection: Connection) -> AsyncIterator[tuple[UUID, str]]:
    """Every filed dossier whose pieces are not those that its log names; reads row by row, whatever the size."""
    query = """
        SELECT d.id,
               (SELECT array_agg(o.payload ORDER BY o.rank) FROM operation o WHERE o.dossier_id = d.id) AS payloads,
               (SELECT array_agg(p.name || ':' || encode(p.digest, 'hex')) FROM piece p WHERE p.dossier_id = d.id)
                   AS held
        FROM dossier d
        WHERE d.state <> 'brouillon' AND (
            d.pieces > 0 OR EXISTS (SELECT FROM piece p WHERE p.dossier_id = d.id)
            OR EXISTS (SELECT FROM operation o WHERE o.dossier_id = d.id AND o.payload LIKE '%"did":"piece%'))"""
    async with connection.transaction(), connection.cursor(name="pieces", row_factory=dict_row) as cursor:
        await cursor.execute(query)
        async for row in cursor:
            held = row["held"] if row["held"] is not None else []
            if _named(row["payloads"] if row["payloads"] is not None else []) != set(held):
                yield row["id"], "its pieces are not those that the log names"


def _named(payloads: Iterable[str]) -> set[str]:
    """What is there once everything has happened that ``payloads`` tell."""
    there: set[str] = set()
    for payload in payloads:
        did, *words = json.loads(payload).get("did", "").split(" ")
        match did:
            case _Did.FILED:
                there.update(words)
            case _Did.SENT:
                there.difference_update(words[1:])
                there.add(words[0])
            case _Did.REMOVED:
                there.difference_update(words)
    return there


def _word(name: str, digest: bytes) -> str:
    return f"{name}:{digest.hex()}"
