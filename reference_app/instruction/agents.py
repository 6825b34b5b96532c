"""Agents as colleagues know them: the name and address that the identity provider said last."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from reference_app.database import Connection

_READ = """
    SELECT a.id, g.name, g.email FROM account a LEFT JOIN agent g ON g.account_id = a.id
    WHERE a.provider = 'agent' AND a.subject = %(subject)s"""

_WRITE = """
    WITH known AS (
        INSERT INTO account (provider, subject) VALUES ('agent', %(subject)s)
        ON CONFLICT (provider, subject) DO UPDATE SET subject = excluded.subject RETURNING id)
    INSERT INTO agent (account_id, name, email) SELECT id, %(name)s, %(email)s FROM known
    ON CONFLICT (account_id) DO UPDATE SET name = excluded.name, email = excluded.email RETURNING account_id"""

_BY_EMAIL = """
    SELECT account_id, name, email FROM agent WHERE lower(email) = lower(%(email)s) AND email IS NOT NULL LIMIT 1"""


@dataclass(frozen=True, slots=True)
class KnownAgent:
    """An agent who signed in once."""

    account_id: UUID
    name: str
    email: str | None


async def account_of(connection: Connection, subject: str, name: str, email: str | None) -> UUID:
    """The account of the agent ``subject``, made at the first visit; who they are is written when it changed."""
    values = {"subject": subject, "name": name, "email": email}
    row = await (await connection.execute(_READ, values)).fetchone()
    if row is None or row[1:] != (name, email):
        row = await (await connection.execute(_WRITE, values)).fetchone()
    assert row is not None  # nosec B101 (states an invariant to the reader and to the type checker)
    found: UUID = row[0]
    return found


async def by_email(connection: Connection, email: str) -> KnownAgent | None:
    """The agent whose address is ``email``, whatever its capitals; None when nobody with it has signed in."""
    async with connection.cursor(row_factory=class_row(KnownAgent)) as cursor:
        await cursor.execute(_BY_EMAIL, {"email": email})
        return await cursor.fetchone()
