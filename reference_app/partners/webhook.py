"""Webhooks: where a partner is told of changes, and how far it has been told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import sql
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row, scalar_row

from reference_app.database import Connection
from reference_app.partners import changes
from reference_app.partners.changes import Event
from reference_app.partners.errors import PartnerError

ROTATES_FOR = timedelta(hours=24)
"""How long messages are signed with the secret before as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One row, with the procedures of its partner. ``told`` is the last change it got, or need not get."""

    id: UUID
    partner: str
    procedures: list[str]
    url: str
    events: list[Event]
    generation: int
    rotated_at: datetime | None
    told: int
    attempts: int
    failing_since: datetime | None
    next_at: datetime
    problem: str | None
    disabled_at: datetime | None

    def generations(self, now: datetime) -> list[int]:
        """Whose secrets a message is signed with, the newest first."""
        both = self.rotated_at is not None and now < self.rotated_at + ROTATES_FOR
        return [self.generation, self.generation - 1] if both else [self.generation]


_ADD = """
    INSERT INTO webhook (partner_id, url, events, told, next_at, created_at)
    SELECT id, %(url)s, %(events)s, %(told)s, %(at)s, %(at)s FROM partner
    WHERE name = %(partner)s AND revoked_at IS NULL RETURNING id"""
_COLUMNS = sql.SQL("""
    webhook.id, partner.name AS partner, partner.procedures, url, events, generation, rotated_at, told, attempts,
    failing_since, next_at, problem, disabled_at FROM webhook JOIN partner ON partner.id = partner_id""")
_READ = sql.SQL("SELECT {} WHERE webhook.id = %(id)s AND partner.revoked_at IS NULL").format(_COLUMNS).as_bytes()
_LIST = sql.SQL("SELECT {} ORDER BY partner.name, url").format(_COLUMNS).as_bytes()
_DUE = """
    SELECT webhook.id FROM webhook JOIN partner ON partner.id = partner_id
    WHERE disabled_at IS NULL AND next_at <= %(now)s AND partner.revoked_at IS NULL ORDER BY next_at"""
_ROTATE = """
    UPDATE webhook SET generation = generation + 1, rotated_at = %(at)s WHERE id = %(id)s RETURNING generation"""
_ENABLE = """
    UPDATE webhook SET disabled_at = NULL, failing_since = NULL, attempts = 0, problem = NULL, next_at = %(at)s
    WHERE id = %(id)s"""
_DELETE = "DELETE FROM webhook WHERE id = %(id)s"
_TOLD = """
    UPDATE webhook SET told = greatest(told, %(told)s), attempts = 0, failing_since = NULL, problem = NULL
    WHERE id = %(id)s"""
_FAILED = """
    UPDATE webhook SET attempts = %(attempts)s, failing_since = %(since)s, problem = %(problem)s, next_at = %(next_at)s,
        disabled_at = %(disabled_at)s WHERE id = %(id)s"""


async def add(connection: Connection, partner: str, url: str, events: Sequence[Event], at: datetime) -> UUID:
    """Tell a partner of changes from now on. Raises PartnerError: there is no such partner, or it has this address."""
    told = await changes.latest(connection)
    values = {"partner": partner, "url": url, "events": [event.value for event in events], "told": told, "at": at}
    try:
        row = await (await connection.execute(_ADD, values)).fetchone()
    except UniqueViolation as error:
        raise PartnerError(f"{partner!r} is told at this address already") from error
    if row is None:
        raise PartnerError(f"there is no partner {partner!r}")
    found = row[0]
    assert isinstance(found, UUID)  # nosec B101 (the column's type)
    return found


async def read(connection: Connection, webhook: UUID) -> Webhook | None:
    """One webhook; None without it, or when its partner is revoked."""
    async with connection.cursor(row_factory=class_row(Webhook)) as cursor:
        await cursor.execute(_READ, {"id": webhook})
        return await cursor.fetchone()


async def listed(connection: Connection) -> list[Webhook]:
    """Every webhook, by partner."""
    async with connection.cursor(row_factory=class_row(Webhook)) as cursor:
        await cursor.execute(_LIST)
        return await cursor.fetchall()


async def due(connection: Connection, now: datetime) -> list[UUID]:
    """Webhooks that may be told of something now."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(_DUE, {"now": now})
        return await cursor.fetchall()


async def rotate(connection: Connection, webhook: UUID, at: datetime) -> int:
    """Sign with a new secret from now on, and with the one before for a day; its generation. Raises PartnerError."""
    row = await (await connection.execute(_ROTATE, {"id": webhook, "at": at})).fetchone()
    if row is None:
        raise PartnerError("there is no such webhook")
    return int(row[0])


async def enable(connection: Connection, webhook: UUID, at: datetime) -> None:
    """Go on with one that was disabled, from where it stopped. Raises PartnerError."""
    await _known(connection, _ENABLE, {"id": webhook, "at": at})


async def delete(connection: Connection, webhook: UUID) -> None:
    """Tell nothing more there. Raises PartnerError."""
    await _known(connection, _DELETE, {"id": webhook})


async def told(connection: Connection, webhook: UUID, change: int) -> None:
    """Write down that it got everything up to ``change``."""
    await connection.execute(_TOLD, {"id": webhook, "told": change})


async def failed(connection: Connection, webhook: UUID, values: Mapping[str, object]) -> None:
    """Write down a failure: ``attempts``, ``since``, ``problem``, ``next_at``, ``disabled_at``."""
    await connection.execute(_FAILED, {**values, "id": webhook})


async def _known(connection: Connection, query: str, values: Mapping[str, object]) -> None:
    if (await connection.execute(query.encode(), values)).rowcount == 0:
        raise PartnerError("there is no such webhook")
