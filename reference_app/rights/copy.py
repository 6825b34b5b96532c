"""The copy of all that is held about a person: for machines and for people, in one archive.

It is written to a spool that leaves memory when it grows, so that the connection to the database is given back before
anybody's slow line is waited for.
"""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from typing import Any
from uuid import UUID

from obstore.store import ObjectStore

from reference_app import storage
from reference_app.database import Connection
from reference_app.language import Language
from reference_app.pieces.kinds import FORMS
from reference_app.pieces.piece import Piece
from reference_app.rendering import Renderer
from reference_app.rights import held, reading
from reference_app.rights.held import Row
from reference_app.rights.inventory import ACCOUNT, OF_ACCOUNT
from reference_app.spool import Spool, chunks, spool

SCHEMA = "portance-reference/my-data/1"
FITS = 250_000_000
"""Bytes of files in one archive; each of the others is on the page of its dossier."""
_ZIP_BEGINS = (1980, 1, 1, 0, 0, 0)


async def write_json(connection: Connection, account: UUID, at: datetime, into: Spool) -> None:
    """All that is held about ``account``, as one JSON object."""
    beside = await held.of_account(connection, account)
    head = {"schema": SCHEMA, "made_at": at, "account": _without_of(beside.pop(ACCOUNT.table))[0]}
    head |= {table: _without_of(rows) for table, rows in beside.items()}
    into.write(_json(head).removesuffix("}").encode() + b', "dossiers": [')
    separator = b""
    async for row in held.dossiers(connection, account):
        into.write(separator + _json(_without_of([row])[0]).encode())
        separator = b",\n"
    into.write(b"]}\n")


async def write_page(
    connection: Connection,
    account: UUID,
    at: datetime,
    into: Spool,
    renderer: Renderer,
    language: Language,
    *,
    left_out: int,
) -> None:
    """The same, as a page that needs nothing beside it; ``left_out`` files are too many for the archive."""

    def render(part: str, **context: object) -> None:
        into.write(renderer.render("copy.html", language, {"part": part} | context).encode())

    beside = await held.of_account(connection, account)
    lists = [reading.listed(holding, beside[holding.table]) for holding in (ACCOUNT, *OF_ACCOUNT)]
    render("head", made_at=at, lists=lists)
    some = False
    async for row in held.dossiers(connection, account):
        some = True
        render("dossier", dossier=reading.dossier(row))
    render("tail", dossiers=some, left_out=left_out)


async def archive(data: Spool, page: Spool, files: Sequence[Piece], store: ObjectStore | None) -> Spool:
    """All in a ZIP archive: words packed beside the loop that serves others, files as they come from the storage.

    Raises:
        Unavailable: the storage is away.
    """
    with ExitStack() as stack:
        packed = stack.enter_context(spool())
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            await asyncio.to_thread(_pack, archive, {"data.json": data, "data.html": page})
            for piece in files:
                if piece.object is None or store is None:
                    continue
                info = zipfile.ZipInfo(f"pieces/{piece.id}{FORMS[piece.kind].extensions[0]}", _ZIP_BEGINS)
                with archive.open(info, "w", force_zip64=True) as entry:
                    async for chunk in await storage.read(store, piece.object):
                        entry.write(chunk)
        stack.pop_all()
    return packed


def _pack(archive: zipfile.ZipFile, files: Mapping[str, Spool]) -> None:
    for name, file in files.items():
        with archive.open(name, "w") as entry:
            for chunk in chunks(file):
                entry.write(chunk)


def _without_of(rows: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "of"} for row in rows]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    match value:
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no place in the copy")
