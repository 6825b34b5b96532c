"""Tokens of pipelines: shown once, kept as a digest, ended by their date or by an administrator."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from psycopg.rows import class_row

from scorecard.publication.errors import not_found
from scorecard.publication.members import Db, record
from scorecard.publication.roles import Caller, Role

PREFIX = "portance_"
"""Begins every token, so that scanners for secrets recognise one that was committed."""

MOST_DAYS = 400


@dataclass(frozen=True)
class Token:
    """A token as administrators see it."""

    id: UUID
    name: str
    role: str
    project: str | None
    made_by: str
    expires_on: date
    revoked: bool


def make(connection: Db, *, name: str, role: Role, project: str | None, expires_on: date, by: str) -> str:
    """Make a token for reading or publishing; returns it, for the only time."""
    plain = PREFIX + secrets.token_urlsafe(32)
    with connection.transaction():
        connection.execute(
            "INSERT INTO token (id, name, digest, role, project, made_by, expires_on)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [uuid4(), name, _digest(plain), role.value, project, by, expires_on],
        )
        record(connection, by, f"token for a {role.value}", name)
    return plain


def caller(connection: Db, plain: str, today: date) -> Caller | None:
    """Who a token speaks for; None where it is unknown, revoked, or its last day is past."""
    row = connection.execute(
        "SELECT name, role, project FROM token WHERE digest = %s AND revoked_at IS NULL AND expires_on >= %s",
        [_digest(plain), today],
    ).fetchone()
    return None if row is None else Caller(name=f"token {row[0]}", role=Role(row[1]), project=row[2])


def tokens(connection: Db) -> list[Token]:
    """Every token, the newest first."""
    with connection.cursor(row_factory=class_row(Token)) as cursor:
        return cursor.execute(
            "SELECT id, name, role, project, made_by, expires_on, revoked_at IS NOT NULL AS revoked"
            " FROM token ORDER BY made_at DESC, id"
        ).fetchall()


def revoke(connection: Db, identifier: UUID, by: str) -> None:
    """End a token now. Raises Refusal (404) for one unknown or ended already."""
    with connection.transaction():
        row = connection.execute(
            "UPDATE token SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL RETURNING name", [identifier]
        ).fetchone()
        if row is None:
            raise not_found()
        record(connection, by, "token revoked", row[0])


def _digest(plain: str) -> bytes:
    # 256 random bits need no salt and no slow hash: there is nothing to guess.
    return hashlib.sha256(plain.encode()).digest()
