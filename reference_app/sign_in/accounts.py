"""Accounts: one for each subject of each provider."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import scalar_row

from reference_app.database import Connection
from reference_app.sign_in.roles import Role


async def account_of(connection: Connection, provider: Role, subject: str) -> UUID:
    """The account of ``subject`` at ``provider``, made at the first visit."""
    parameters = {"provider": provider, "subject": subject}
    async with connection.cursor(row_factory=scalar_row) as cursor:
        # Read first: writing on every sign-in would cost a row version and a commit each time.
        await cursor.execute(
            "SELECT id FROM account WHERE provider = %(provider)s AND subject = %(subject)s", parameters
        )
        found = await cursor.fetchone()
        if found is None:
            await cursor.execute(
                """INSERT INTO account (provider, subject) VALUES (%(provider)s, %(subject)s)
                   ON CONFLICT (provider, subject) DO UPDATE SET subject = excluded.subject RETURNING id""",
                parameters,
            )
            found = await cursor.fetchone()
    assert isinstance(found, UUID)  # nosec B101 (states an invariant to the reader and to the type checker)
    return found
