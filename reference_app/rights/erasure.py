"""A person asks that what is held about them goes: what may go goes at once, what the law wants kept is named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from reference_app.database import Connection
from reference_app.rights import forgetting

_DRAFTS = "SELECT id FROM dossier WHERE account_id = %(account)s AND state = 'brouillon' ORDER BY id FOR UPDATE"
_KEPT = "SELECT count(*) FROM dossier WHERE account_id = %(account)s"
_COUNTS = """
    SELECT (SELECT count(*) FROM dossier WHERE account_id = %(account)s AND state = 'brouillon') AS drafts,
           (SELECT count(*) FROM rendez_vous WHERE account_id = %(account)s) AS appointments,
           (SELECT count(*) FROM dossier WHERE account_id = %(account)s AND state <> 'brouillon') AS kept"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What goes, or went: drafts, appointments, and the account itself unless dossiers are ``kept``."""

    drafts: int
    appointments: int
    kept: int

    @property
    def account(self) -> bool:
        """Whether nothing leads to the person any more."""
        return self.kept == 0


async def foreseen(connection: Connection, account: UUID) -> Erasure:
    """What :func:`erase` would do now."""
    row = await (await connection.execute(_COUNTS, {"account": account})).fetchone()
    assert row is not None  # nosec B101 (counts have a row)
    return Erasure(drafts=row[0], appointments=row[1], kept=row[2])


async def erase(connection: Connection, account: UUID, at: datetime) -> Erasure:
    """Delete what may go of ``account``; repeating it finds nothing more to delete.

    Dossiers that were filed stay, with the account that leads to them, until the retention of their procedure ends:
    the right to erasure does not reach what a public body has to keep (GDPR, art. 17(3)(b)).
    """
    of = {"account": account}
    async with connection.transaction():
        drafts = [row[0] for row in await (await connection.execute(_DRAFTS, of)).fetchall()]
        await forgetting.dossiers(connection, drafts, "asked", at)
        await forgetting.answers_at_counter(connection, account, drafts)
        appointments = await forgetting.appointments(connection, account)
        await forgetting.beside(connection, [account])
        row = await (await connection.execute(_KEPT, of)).fetchone()
        assert row is not None  # nosec B101 (a count has a row)
        if row[0] == 0:
            await forgetting.accounts(connection, [account])
    return Erasure(drafts=len(drafts), appointments=appointments, kept=row[0])
