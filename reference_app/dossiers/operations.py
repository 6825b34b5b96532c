"""The operation log: every change of a filed dossier, each digest covering the one before.

The chain is per dossier, so two dossiers never wait for each other. Its head is kept with the dossier: a row that was
changed, added, removed or cut off the end breaks it. Whoever can rewrite rows *and* recompute digests is not stopped
by a chain alone; publishing heads elsewhere is what a deployment adds (docs/decisions/0012).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from reference_app.database import Connection
from reference_app.dossiers.dossier import COLUMNS, ROW, Dossier
from reference_app.dossiers.states import State, require


async def change(
    connection: Connection,
    dossier: Dossier,
    to: State,
    *,
    by: UUID | None,
    at: datetime,
    note: str | None = None,
    did: str | None = None,
    **columns: object,
) -> Dossier:
    """Move a locked ``dossier`` to state ``to``: row, history and log in one statement of the caller's transaction.

    ``by`` is the account of who does it; None for the service itself. The history keeps the reasons of a decision
    (``motivation``), or the ``note``; ``did`` is a word for the log where the states do not say what was done.

    Raises:
        Conflict: the dossier may not become that.
    """
    require(dossier.state, to)
    return await _write(connection, dossier, to, by=by, at=at, note=note, did=did, columns=columns)


async def amend(
    connection: Connection,
    dossier: Dossier,
    *,
    by: UUID | None,
    at: datetime,
    did: str | None = None,
    **columns: object,
) -> Dossier:
    """Change a locked ``dossier`` that stays in its state: row and log, no line of history.

    ``did`` names in the log what was done, where the dossier itself does not show it.
    """
    return await _write(connection, dossier, dossier.state, by=by, at=at, note=None, columns=columns, did=did)


async def _write(
    connection: Connection,
    dossier: Dossier,
    to: State,
    *,
    by: UUID | None,
    at: datetime,
    note: str | None,
    columns: Mapping[str, object],
    did: str | None = None,
) -> Dossier:
    rank = dossier.operations + 1
    payload = _payload(dossier, to, rank=rank, by=by, at=at, columns=columns, did=did)
    values: dict[str, object] = {"state": to, "updated_at": at, "operations": rank, **columns}
    values["head"] = link(dossier.head, payload)
    said = columns.get("motivation") if note is None else note
    parameters = values | {"id": dossier.id, "payload": payload, "by": by, "note": said}
    if "answers" in columns:
        parameters["answers"] = Jsonb(columns["answers"])
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(_statement(tuple(values), history=to is not dossier.state), parameters)
        changed = await cursor.fetchone()
    assert changed is not None, "the caller holds the lock of this row"  # nosec B101 (an invariant)
    return changed


def link(previous: bytes | None, payload: str) -> bytes:
    """Digest of an operation: SHA-256 of the digest before it (none for the first) and of its payload."""
    return hashlib.sha256((previous if previous is not None else b"") + payload.encode()).digest()


async def broken_chains(connection: Connection) -> AsyncIterator[tuple[UUID, str]]:
    """Every dossier whose log does not add up, with what is wrong; reads row by row, whatever the size."""
    query = """
        SELECT d.id, d.state, d.operations, d.head, d.answers, d.receipt_number, d.motivation,
               array_agg(o.rank ORDER BY o.rank) AS ranks,
               array_agg(o.payload ORDER BY o.rank) AS payloads,
               array_agg(o.digest ORDER BY o.rank) AS digests
        FROM dossier d LEFT JOIN operation o ON o.dossier_id = d.id
        WHERE d.state <> 'brouillon' OR o.rank IS NOT NULL
        GROUP BY d.id"""
    async with connection.transaction(), connection.cursor(name="chains", row_factory=dict_row) as cursor:
        await cursor.execute(query)
        async for row in cursor:
            if (problem := _problem(row)) is not None:
                yield row["id"], problem


def _problem(row: Mapping[str, Any]) -> str | None:
    if row["ranks"] != list(range(1, row["operations"] + 1)):
        return "operations are missing or were added"
    digest: bytes | None = None
    for rank, payload, kept in zip(row["ranks"], row["payloads"], row["digests"], strict=True):
        digest = link(digest, payload)
        if digest != kept:
            return f"operation {rank} was changed"
    if digest != row["head"]:
        return "the last operation is not the one the dossier knows"
    last = json.loads(row["payloads"][-1])
    known = (_content(row), _first_content(row))
    if last["dossier"] != str(row["id"]) or last["state"] != row["state"] or last["content"] not in known:
        return "the dossier differs from its last operation"
    return None


def _payload(
    dossier: Dossier,
    to: State,
    *,
    rank: int,
    by: UUID | None,
    at: datetime,
    columns: Mapping[str, object],
    did: str | None,
) -> str:
    fields = {name: getattr(dossier, name) for name in _CONTENT} | {k: v for k, v in columns.items() if k in _CONTENT}
    payload = {
        "dossier": str(dossier.id),
        "rank": rank,
        "at": at.isoformat(),
        "by": None if by is None else str(by),
        "state": to,
        "content": _content(fields),
    }
    if did is not None:
        payload["did"] = did
    return json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


_CONTENT = ("answers", "receipt_number", "motivation")


def _content(fields: Mapping[str, Any]) -> str:
    """Digest of what the dossier says: the log itself repeats no personal data."""
    words = content_words(*(fields[name] for name in _CONTENT))
    return hashlib.sha256(words.encode()).hexdigest()


def content_words(answers: Mapping[str, Any], receipt_number: str | None, motivation: str | None) -> str:
    """What a digest of the content is made over."""
    content = [answers, receipt_number, motivation]
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _first_content(row: Mapping[str, Any]) -> str:
    """The digest as it was made while there was one form, with a column for each field."""
    names = ("siret", "company_name", "contact_email", "need", "amount", "iban")
    words = [*(row["answers"].get(name) for name in names), row["receipt_number"], row["motivation"]]
    return hashlib.sha256(json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


_HISTORY = sql.SQL("""history AS (INSERT INTO traitement (dossier_id, state, at, account_id, motivation)
                    VALUES (%(id)s, %(state)s, %(updated_at)s, %(by)s, %(note)s)),""")


@cache
def _statement(names: tuple[str, ...], *, history: bool) -> bytes:
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in names
    )
    composed = sql.SQL(
        """
        WITH changed AS (UPDATE dossier SET {assignments} WHERE id = %(id)s RETURNING {columns}),
        {history} log AS (INSERT INTO operation (dossier_id, rank, payload, digest)
                VALUES (%(id)s, %(operations)s, %(payload)s, %(head)s))
        SELECT * FROM changed"""
    ).format(assignments=assignments, columns=COLUMNS, history=_HISTORY if history else sql.SQL(""))
    return composed.as_bytes()  # once: a composed statement would be put together again each time
