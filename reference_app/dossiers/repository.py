"""Reading and writing a business's dossiers: one statement each, each served by an index."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import scalar_row

from reference_app.database import Connection
from reference_app.dossiers.dossier import COLUMNS, ROW, TREATMENT_ROW, Dossier, Treatment
from reference_app.dossiers.draft import Draft


async def create(connection: Connection, account: UUID, draft: Draft) -> Dossier:
    """A new draft of ``account``."""
    query = f"""
        INSERT INTO dossier (account_id, siret, company_name, contact_email, need, amount, iban)
        VALUES (%(account)s, %(siret)s, %(company_name)s, %(contact_email)s, %(need)s, %(amount)s, %(iban)s)
        RETURNING {COLUMNS}"""  # noqa: S608 (COLUMNS is a constant of the code)
    created = await _one(connection, query, {"account": account, **draft.model_dump()})
    assert created is not None
    return created


async def save(connection: Connection, account: UUID, dossier: UUID, draft: Draft) -> Dossier | None:
    """Replace the content of a draft of ``account``; None when there is no such draft."""
    query = f"""
        UPDATE dossier SET siret = %(siret)s, company_name = %(company_name)s, contact_email = %(contact_email)s,
               need = %(need)s, amount = %(amount)s, iban = %(iban)s, updated_at = now()
        WHERE id = %(id)s AND account_id = %(account)s AND state = 'brouillon'
        RETURNING {COLUMNS}"""  # noqa: S608
    return await _one(connection, query, {"id": dossier, "account": account, **draft.model_dump()})


async def of_account(connection: Connection, account: UUID, dossier: UUID) -> Dossier | None:
    """One dossier of ``account``; None for another's, as for one that does not exist."""
    query = f"SELECT {COLUMNS} FROM dossier WHERE id = %(id)s AND account_id = %(account)s"  # noqa: S608
    return await _one(connection, query, {"id": dossier, "account": account})


async def locked(connection: Connection, account: UUID, dossier: UUID) -> Dossier | None:
    """Like :func:`of_account`, locked until the transaction ends."""
    query = f"SELECT {COLUMNS} FROM dossier WHERE id = %(id)s AND account_id = %(account)s FOR UPDATE"  # noqa: S608
    return await _one(connection, query, {"id": dossier, "account": account})


async def list_of_account(connection: Connection, account: UUID, after: UUID | None, limit: int) -> list[Dossier]:
    """Dossiers of ``account``, newest first, from the one after ``after`` (identifiers grow with time)."""
    query = f"""
        SELECT {COLUMNS} FROM dossier
        WHERE account_id = %(account)s AND (%(after)s::uuid IS NULL OR id < %(after)s)
        ORDER BY id DESC LIMIT %(limit)s"""  # noqa: S608
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query, {"account": account, "after": after, "limit": limit})
        return await cursor.fetchall()


async def history(connection: Connection, dossier: UUID) -> list[Treatment]:
    """The states a dossier went through, oldest first."""
    query = "SELECT state, at, motivation FROM traitement WHERE dossier_id = %(id)s ORDER BY id"
    async with connection.cursor(row_factory=TREATMENT_ROW) as cursor:
        await cursor.execute(query, {"id": dossier})
        return await cursor.fetchall()


async def next_receipt_rank(connection: Connection) -> int:
    """The next number of a receipt; numbers may be skipped, never given twice."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute("SELECT nextval('receipt_number')")
        rank = await cursor.fetchone()
    assert isinstance(rank, int)
    return rank


async def _one(connection: Connection, query: str, parameters: dict[str, object]) -> Dossier | None:
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(query.encode(), parameters)
        return await cursor.fetchone()
