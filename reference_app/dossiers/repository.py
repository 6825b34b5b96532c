"""Reading and writing a business's dossiers: one statement each, each served by an index."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg.rows import scalar_row
from psycopg.types.json import Jsonb

from reference_app.database import Connection
from reference_app.dossiers.dossier import ROW, TREATMENT_ROW, Dossier, Treatment, statement
from reference_app.dossiers.draft import Answers
from reference_app.errors import N_

NO_SUCH_DOSSIER = N_("There is no such dossier among yours.")

_CREATE = statement("""
    INSERT INTO dossier (account_id, procedure, answers) VALUES (%(account)s, %(procedure)s, %(answers)s)
    RETURNING {columns}""")

_SAVE = statement("""
    UPDATE dossier SET answers = %(answers)s, updated_at = now()
    WHERE id = %(id)s AND account_id = %(account)s AND procedure = %(procedure)s AND state = 'brouillon'
          AND updated_at = coalesce(%(version)s::timestamptz, updated_at)
    RETURNING {columns}""")

_DELETE = "DELETE FROM dossier WHERE id = %(id)s AND account_id = %(account)s AND state = 'brouillon'"

_READ = statement("SELECT {columns} FROM dossier WHERE id = %(id)s AND account_id = %(account)s")

_LOCK = statement("SELECT {columns} FROM dossier WHERE id = %(id)s AND account_id = %(account)s FOR UPDATE")

# Identifiers grow with time (UUID version 7): their order is that of creation.
_FIRST_OF_LIST = statement("""
    SELECT {columns} FROM dossier WHERE account_id = %(account)s ORDER BY id DESC LIMIT %(limit)s""")

_NEXT_OF_LIST = statement("""
    SELECT {columns} FROM dossier WHERE account_id = %(account)s AND id < %(after)s ORDER BY id DESC LIMIT %(limit)s""")

_HISTORY = "SELECT state, at, motivation FROM traitement WHERE dossier_id = %(id)s ORDER BY id"


async def create(connection: Connection, account: UUID, procedure: str, answers: Answers) -> Dossier:
    """A new draft of ``account``."""
    created = await _one(connection, _CREATE, {"account": account, "procedure": procedure, "answers": Jsonb(answers)})
    assert created is not None  # nosec B101 (states an invariant to the reader and to the type checker)
    return created


async def save(
    connection: Connection, account: UUID, dossier: UUID, procedure: str, answers: Answers, version: datetime | None
) -> Dossier | None:
    """Replace the content of a draft of ``account`` for ``procedure``, with ``version`` only if last changed then.

    None when there is no such draft.
    """
    parameters = {
        "id": dossier,
        "account": account,
        "procedure": procedure,
        "answers": Jsonb(answers),
        "version": version,
    }
    return await _one(connection, _SAVE, parameters)


async def delete(connection: Connection, account: UUID, dossier: UUID) -> bool:
    """Delete a draft of ``account``; whether there was one."""
    return (await connection.execute(_DELETE, {"id": dossier, "account": account})).rowcount == 1


async def of_account(connection: Connection, account: UUID, dossier: UUID) -> Dossier | None:
    """One dossier of ``account``; None for another's, as for one that does not exist."""
    return await _one(connection, _READ, {"id": dossier, "account": account})


async def locked(connection: Connection, account: UUID, dossier: UUID) -> Dossier | None:
    """Like :func:`of_account`, locked until the transaction ends."""
    return await _one(connection, _LOCK, {"id": dossier, "account": account})


async def list_of_account(connection: Connection, account: UUID, after: UUID | None, limit: int) -> list[Dossier]:
    """Dossiers of ``account``, newest first, from the one after ``after``."""
    query = _FIRST_OF_LIST if after is None else _NEXT_OF_LIST
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query, {"account": account, "after": after, "limit": limit})
        return await cursor.fetchall()


async def history(connection: Connection, dossier: UUID) -> list[Treatment]:
    """The states a dossier went through, oldest first."""
    async with connection.cursor(row_factory=TREATMENT_ROW) as cursor:
        await cursor.execute(_HISTORY, {"id": dossier})
        return await cursor.fetchall()


async def next_receipt_rank(connection: Connection) -> int:
    """The next number of a receipt; numbers may be skipped, never given twice."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute("SELECT nextval('receipt_number')")
        rank = await cursor.fetchone()
    assert isinstance(rank, int)  # nosec B101 (states an invariant to the reader and to the type checker)
    return rank


async def _one(connection: Connection, query: bytes, parameters: dict[str, object]) -> Dossier | None:
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchone()
