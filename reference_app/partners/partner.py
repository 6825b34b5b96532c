"""A partner: which procedures it reads, which fields of them, how often; its tokens, of which only digests are kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from reference_app.database import Connection
from reference_app.partners.errors import PartnerError
from reference_app.procedure import PROCEDURES

PREFIX = "portance_"
"""What every token begins with, so that one that leaks is recognised by those who look for secrets."""

SHORTEST = 32
OF_LOAD = "load-test"


class Scope(StrEnum):
    """What a partner may ask for."""

    CHANGES = "changes"
    DOSSIERS = "dossiers"
    APPOINTMENTS = "appointments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """One partner; ``requests`` are those of the present minute. ``fields`` are all it sees of what people wrote."""

    id: UUID
    name: str
    procedures: list[str]
    scopes: list[Scope]
    fields: list[str]
    per_minute: int
    requests: int
    revoked_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "scopes", [Scope(scope) for scope in self.scopes])


_ROW = class_row(Partner)
_ADD = """
    INSERT INTO partner (name, procedures, scopes, fields, per_minute, created_at)
    VALUES (%(name)s, %(procedures)s, %(scopes)s, %(fields)s, %(per_minute)s, %(at)s) RETURNING id"""
_GIVE = """
    INSERT INTO partner_token (digest, partner_id, created_at, expires_at)
    SELECT %(digest)s, id, %(at)s, %(until)s FROM partner WHERE name = %(name)s AND revoked_at IS NULL"""
_REVOKE = "UPDATE partner SET revoked_at = %(at)s WHERE name = %(name)s AND revoked_at IS NULL"
_LIST = """
    SELECT id, name, procedures, scopes, fields, per_minute, requests, revoked_at FROM partner ORDER BY name"""

# Looking up and counting are one statement, so that a quota holds over all replicas.
_ADMIT = """
    UPDATE partner
    SET requests = CASE WHEN minute = %(minute)s THEN requests + 1 ELSE 1 END, minute = %(minute)s
    FROM partner_token token
    WHERE token.digest = %(digest)s AND token.expires_at > %(at)s AND partner.id = token.partner_id
      AND partner.revoked_at IS NULL
    RETURNING partner.id, name, procedures, scopes, fields, per_minute, requests, revoked_at"""
_ACCESS = """
    INSERT INTO partner_access (partner_id, at, what, dossier_id)
    VALUES (%(partner)s, %(at)s, %(what)s, %(dossier)s)"""


async def add(
    connection: Connection,
    name: str,
    procedures: Sequence[str],
    scopes: Sequence[Scope],
    fields: Sequence[str],
    per_minute: int,
    at: datetime,
) -> None:
    """Make a partner.

    Raises:
        PartnerError: the name is taken, or a procedure or one of the fields does not exist.
    """
    if unknown := set(procedures) - set(PROCEDURES):
        raise PartnerError(f"there is no procedure {min(unknown)!r}")
    if unknown := set(fields) - _fields_of(procedures):
        raise PartnerError(f"no such procedure has a field {min(unknown)!r}")
    values = {"name": name, "procedures": list(procedures), "scopes": [scope.value for scope in scopes]}
    try:
        await connection.execute(_ADD, values | {"fields": list(fields), "per_minute": per_minute, "at": at})
    except UniqueViolation as error:
        raise PartnerError(f"there is a partner {name!r} already") from error


async def add_token(connection: Connection, name: str, at: datetime, days: int, token: str | None = None) -> str:
    """A new token of a partner, shown this once; those before it go on until they end.

    Raises:
        PartnerError: there is no such partner, or it is revoked.
    """
    made = PREFIX + secrets.token_urlsafe(32) if token is None else token
    values = {"digest": digest(made), "name": name, "at": at, "until": at + timedelta(days=days)}
    if (await connection.execute(_GIVE, values)).rowcount == 0:
        raise PartnerError(f"there is no partner {name!r}")
    return made


async def let_in_for_load(connection: Connection, token: str, at: datetime) -> None:
    """Let in whoever has ``token``, on every procedure and without a quota to speak of: for a load test, on its data.

    Raises:
        PartnerError: the token is too short to be one.
    """
    if len(token) < SHORTEST:
        raise PartnerError(f"a token has {SHORTEST} characters at least")
    async with connection.transaction():
        await connection.execute("DELETE FROM partner WHERE name = %s", (OF_LOAD,))
        await add(connection, OF_LOAD, list(PROCEDURES), list(Scope), [], 1_000_000, at)
        await add_token(connection, OF_LOAD, at, 1, token)


async def revoke(connection: Connection, name: str, at: datetime) -> None:
    """Let a partner in no more, whatever its tokens say. Raises PartnerError."""
    if (await connection.execute(_REVOKE, {"name": name, "at": at})).rowcount == 0:
        raise PartnerError(f"there is no partner {name!r}")


async def listed(connection: Connection) -> list[Partner]:
    """Every partner, by name."""
    async with connection.cursor(row_factory=_ROW) as cursor:
        await cursor.execute(_LIST)
        return await cursor.fetchall()


async def admit(connection: Connection, token: str, at: datetime) -> Partner | None:
    """Whose token it is, this request counted; None for one that is unknown, too old or revoked."""
    values = {"digest": digest(token), "at": at, "minute": at.replace(second=0, microsecond=0)}
    async with connection.cursor(row_factory=_ROW) as cursor:
        await cursor.execute(_ADMIT, values)
        return await cursor.fetchone()


async def accessed(connection: Connection, partner: UUID, what: str, at: datetime, dossier: UUID | None = None) -> None:
    """Write down that a partner reads something."""
    await connection.execute(_ACCESS, {"partner": partner, "at": at, "what": what, "dossier": dossier})


def digest(token: str) -> bytes:
    """What is kept of a token: SHA-256, since 256 bits of chance are not guessed."""
    return hashlib.sha256(token.encode()).digest()


def _fields_of(procedures: Sequence[str]) -> set[str]:
    filings = (PROCEDURES[name].filing for name in procedures)
    return {field.name for filing in filings if filing is not None for field in filing.fields}
