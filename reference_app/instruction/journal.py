"""The journal of what agents do that belongs to no one dossier: exports, lots, groups; chained by digest.

One chain for the service: such acts are few, and stand in line for its end. What is done to a dossier is in the log of
that dossier (:mod:`reference_app.dossiers.operations`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from reference_app.database import Connection
from reference_app.dossiers.operations import link

_LINE = 7_205_759_404
"""Advisory lock of the end of the journal."""

_LAST = "SELECT rank, digest FROM journal ORDER BY rank DESC LIMIT 1"
_ADD = "INSERT INTO journal (rank, payload, digest) VALUES (%(rank)s, %(payload)s, %(digest)s)"


async def add(connection: Connection, did: str, *, by: UUID, at: datetime, about: Mapping[str, JsonValue]) -> None:
    """Write down what was done, in the transaction of doing it; ``about`` names things, never a person's data."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%(line)s)", {"line": _LINE})
        last = await (await connection.execute(_LAST)).fetchone()
        rank, digest = (0, None) if last is None else last
        payload = {"rank": rank + 1, "at": at.isoformat(), "by": str(by), "did": did, "about": dict(about)}
        words = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        await connection.execute(_ADD, {"rank": rank + 1, "payload": words, "digest": link(digest, words)})


async def broken(connection: Connection) -> AsyncIterator[tuple[str, str]]:
    """Every entry that does not add up, with what is wrong. Cut off at its end, it does not show by itself."""
    digest: bytes | None = None
    expected = 1
    async with connection.transaction(), connection.cursor(name="journal") as cursor:
        await cursor.execute("SELECT rank, payload, digest FROM journal ORDER BY rank")
        async for rank, payload, kept in cursor:
            if rank != expected:
                yield f"journal {rank}", "entries before it are missing"
            elif link(digest, payload) != kept:
                yield f"journal {rank}", "it was changed"
            digest, expected = kept, rank + 1
