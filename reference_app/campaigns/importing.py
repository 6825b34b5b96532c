"""A list of firms enters a campaign in two steps: it is read and shown, then confirmed whole in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from reference_app.campaigns import campaign as campaigns
from reference_app.campaigns.campaign import State
from reference_app.campaigns.reading import Mistake, Read, Reason
from reference_app.database import Connection
from reference_app.errors import N_, Conflict, NotFound

NO_SUCH_FILE = N_("There is no such list.")
STOPPED = N_("This campaign is stopped: no firm can be added.")


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """A list that was read: how many lines it has, how many firms it would add or added."""

    id: UUID
    campaign_id: UUID
    lines: int
    confirmed_at: datetime | None
    added: int | None
    good: int
    mistakes: int


_FORGET = "DELETE FROM campaign_file WHERE campaign_id = %(campaign)s AND confirmed_at IS NULL"
_ADD = """
    INSERT INTO campaign_file (campaign_id, read_at, lines) VALUES (%(campaign)s, %(at)s, %(lines)s) RETURNING id"""
_GOOD = "COPY campaign_line (file_id, number, siret, name, email) FROM STDIN"
_BAD = "COPY campaign_mistake (file_id, number, field, reason, other) FROM STDIN"
_KNOWN = """
    WITH known AS (DELETE FROM campaign_line l USING invitation i
                   WHERE l.file_id = %(file)s AND i.campaign_id = %(campaign)s AND i.siret = l.siret
                   RETURNING l.file_id, l.number)
    INSERT INTO campaign_mistake (file_id, number, field, reason) SELECT file_id, number, 'siret', 'known' FROM known"""
_READ = """
    SELECT f.id, f.campaign_id, f.lines, f.confirmed_at, f.added,
           (SELECT count(*) FROM campaign_line l WHERE l.file_id = f.id) AS good,
           (SELECT count(DISTINCT number) FROM campaign_mistake m WHERE m.file_id = f.id) AS mistakes
    FROM campaign_file f WHERE f.id = %(file)s AND f.campaign_id = %(campaign)s"""
_MISTAKES = """
    SELECT number, field, reason, other FROM campaign_mistake WHERE file_id = %(file)s ORDER BY number, field"""
_LOCK = """
    SELECT confirmed_at IS NOT NULL FROM campaign_file WHERE id = %(file)s AND campaign_id = %(campaign)s FOR UPDATE"""
_CONFIRM = """
    WITH added AS (
        INSERT INTO invitation (campaign_id, siret, name, email, state)
        SELECT %(campaign)s, siret, name, email, CASE WHEN o.digest IS NULL THEN 'waiting' ELSE 'declined' END
        FROM campaign_line l LEFT JOIN mail_opposition o ON o.digest = sha256(convert_to(lower(l.email), 'UTF8'))
        WHERE file_id = %(file)s ORDER BY number
        ON CONFLICT (campaign_id, siret) DO NOTHING RETURNING id),
    gone AS (DELETE FROM campaign_line WHERE file_id = %(file)s)
    UPDATE campaign_file SET confirmed_at = %(at)s, added = (SELECT count(*) FROM added) WHERE id = %(file)s"""


async def keep(connection: Connection, campaign: UUID, found: Read, at: datetime) -> UUID:
    """Keep what was read of a list until it is confirmed, in place of one that was not. Raises NotFound, Conflict."""
    async with connection.transaction():
        if (await campaigns.read(connection, campaign)).state is State.STOPPED:
            raise Conflict(STOPPED)
        await connection.execute(_FORGET, {"campaign": campaign})
        parameters = {"campaign": campaign, "at": at, "lines": found.lines}
        row = await (await connection.execute(_ADD, parameters)).fetchone()
        assert row is not None  # nosec B101 (an INSERT of one row returns it)
        file = UUID(str(row[0]))
        async with connection.cursor() as cursor:
            async with cursor.copy(_GOOD) as copy:
                for good in found.good:
                    await copy.write_row((file, good.number, good.firm.siret, good.firm.name, good.firm.email))
            async with cursor.copy(_BAD) as copy:
                for bad in found.mistakes:
                    await copy.write_row((file, bad.number, bad.field, bad.reason.value, bad.other))
        await connection.execute(_KNOWN, {"file": file, "campaign": campaign})
    return file


async def read(connection: Connection, campaign: UUID, file: UUID) -> List:
    """A list of a campaign. Raises NotFound."""
    async with connection.cursor(row_factory=class_row(List)) as cursor:
        found = await (await cursor.execute(_READ, {"file": file, "campaign": campaign})).fetchone()
    if found is None:
        raise NotFound(NO_SUCH_FILE)
    return found


async def mistakes(connection: Connection, file: UUID, most: int) -> AsyncIterator[Mistake]:
    """What is wrong with a list, line by line, ``most`` at most."""
    cursor = await connection.execute(_MISTAKES + " LIMIT %(most)s", {"file": file, "most": most})
    async for number, field, reason, other in cursor:
        yield Mistake(number, field, Reason(reason), other)


async def confirm(connection: Connection, campaign: UUID, file: UUID, at: datetime) -> None:
    """Add the good lines of a list to its campaign, all in one transaction; confirming twice adds nothing.

    Firms whose address wants no campaign are added as such, and get no mail.

    Raises:
        NotFound: there is no such list.
        Conflict: the campaign is stopped.
    """
    async with connection.transaction():
        row = await (await connection.execute(_LOCK, {"file": file, "campaign": campaign})).fetchone()
        if row is None:
            raise NotFound(NO_SUCH_FILE)
        if row[0]:
            return
        found = await campaigns.read(connection, campaign)
        if found.state is State.STOPPED:
            raise Conflict(STOPPED)
        await connection.execute(_CONFIRM, {"file": file, "campaign": campaign, "at": at})
        if found.state is State.RUNNING:
            await campaigns.go_on(connection, campaign)
