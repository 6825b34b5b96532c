"""Codes that lead to a dossier: from the counter to the Internet, and from there to the counter.

Ten letters and digits without those that are mistaken for others: 32 to the power of 10, some 50 bits. Only the digest
is kept, a code works once, and whoever guesses is slowed down like anybody who writes (docs/decisions/0126).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from string import ascii_uppercase, digits
from uuid import UUID

from reference_app.database import Connection
from reference_app.dossiers import filing
from reference_app.dossiers.dossier import ROW, Dossier, statement
from reference_app.errors import N_, FieldError, Invalid

LETTERS = "".join(c for c in ascii_uppercase + digits if c not in "IO01")
LENGTH = 10
KEPT_D = 30

WRONG = N_("This code is wrong, was used before, or is too old. Ask for another one.")

_ISSUE = "INSERT INTO counter_code (digest, dossier_id, expires_at) VALUES (%(digest)s, %(dossier)s, %(expires_at)s)"
_FORGET = "DELETE FROM counter_code WHERE dossier_id = %(dossier)s AND used_at IS NULL"
_USE = """
    UPDATE counter_code SET used_at = %(at)s WHERE digest = %(digest)s AND used_at IS NULL AND expires_at > %(at)s
    RETURNING dossier_id"""
_READ = statement("SELECT {columns} FROM dossier WHERE id = %(id)s FOR UPDATE")
_HAND_OVER = """
    UPDATE dossier SET account_id = %(account)s
    WHERE id = %(id)s AND EXISTS (SELECT FROM account a WHERE a.id = dossier.account_id AND a.provider = 'counter')"""


async def issue(connection: Connection, account: UUID, dossier: UUID, at: datetime) -> str:
    """A new code of a dossier of ``account``; one that was not used before works no more. Raises NotFound."""
    await filing.read(connection, account, dossier)
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    async with connection.transaction():
        await connection.execute(_FORGET, {"dossier": dossier})
        parameters = {"digest": _digest(code), "dossier": dossier, "expires_at": at + timedelta(days=KEPT_D)}
        await connection.execute(_ISSUE, parameters)
    return f"{code[:5]}-{code[5:]}"


async def use(connection: Connection, typed: str, at: datetime) -> Dossier:
    """The dossier that a code leads to, locked in the caller's transaction; the code is used up. Raises Invalid."""
    done = await (await connection.execute(_USE, {"digest": _digest(typed), "at": at})).fetchone()
    if done is None:
        raise Invalid({"code": FieldError(WRONG)})
    async with connection.cursor(row_factory=ROW) as cursor:
        await cursor.execute(_READ, {"id": done[0]})
        found = await cursor.fetchone()
    assert found is not None  # nosec B101 (a code goes with its dossier)
    return found


async def claim(connection: Connection, account: UUID, typed: str, at: datetime) -> UUID:
    """Hand the dossier of a code over to ``account``: what was begun at the counter is theirs online.

    Raises:
        Invalid: the code is wrong, or leads to a dossier that somebody else has online.
    """
    async with connection.transaction():
        found = await use(connection, typed, at)
        if found.account_id != account:
            moved = await connection.execute(_HAND_OVER, {"account": account, "id": found.id})
            if moved.rowcount == 0:
                raise Invalid({"code": FieldError(WRONG)})
    return found.id


def _digest(typed: str) -> bytes:
    letters = "".join(character for character in typed.upper() if character.isalnum())
    return hashlib.sha256(letters.encode()).digest()
