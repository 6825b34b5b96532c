"""A list of firms enters a campaign in two steps: it is read and shown, then confirmed whole in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from reference_app.campaigns import campaign as campaigns
from reference_app.campaigns import reading
from reference_app.campaigns.campaign import State
from reference_app.campaigns.reading import MOST_BYTES, Mistake, Read, Reason
from reference_app.database import Connection
from reference_app.errors import N_, Conflict, FieldError, Invalid, NotFound
from reference_app.instruction.reach import reach, reaching_procedure
from reference_app.parts import Parts

NO_SUCH_FILE = N_("There is no such list.")
STOPPED = N_("This campaign is stopped: no firm can be added.")
TOO_LARGE = N_("This file is larger than %(mb)s MB. Divide the list.")


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """A list that was read: how many lines it has, how many firms it would add or added."""

    id: UUID
    campaign_id: UUID
    titles: Sequence[str]
    lines: int
    confirmed_at: datetime | None
    added: int | None
    good: int
    mistakes: int


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be used: its cells as they were sent, and what is wrong, column by column."""

    number: int
    cells: Sequence[str]
    mistakes: Sequence[Mistake]


_FORGET = "DELETE FROM campaign_file WHERE campaign_id = %(campaign)s AND confirmed_at IS NULL"
_KNOWN = "SELECT siret FROM invitation WHERE campaign_id = %(campaign)s AND siret = ANY(%(sirets)s)"
_ADD = """
    INSERT INTO campaign_file (campaign_id, read_at, lines, titles)
    VALUES (%(campaign)s, %(at)s, %(lines)s, %(titles)s) RETURNING id"""
_GOOD = "COPY campaign_line (file_id, number, siret, name, email, language) FROM STDIN"
_BAD = "COPY campaign_bad_line (file_id, number, cells) FROM STDIN"
_WRONG = "COPY campaign_mistake (file_id, number, field, reason, other) FROM STDIN"
_READ = reaching_procedure("""
    SELECT f.id, f.campaign_id, f.titles, f.lines, f.confirmed_at, f.added,
           (SELECT count(*) FROM campaign_line l WHERE l.file_id = f.id) AS good,
           (SELECT count(DISTINCT number) FROM campaign_mistake m WHERE m.file_id = f.id) AS mistakes
    FROM campaign_file f JOIN campaign c ON c.id = f.campaign_id
    WHERE f.id = %(file)s AND f.campaign_id = %(campaign)s AND {reached}""")
_REASONS = """
    SELECT reason, count(DISTINCT number) FROM campaign_mistake WHERE file_id = %(file)s
    GROUP BY reason ORDER BY 2 DESC, 1"""
_BAD_LINES = """
    SELECT m.number, coalesce(b.cells, '{}'), array_agg(m.field ORDER BY m.field),
           array_agg(m.reason ORDER BY m.field), max(m.other)
    FROM campaign_mistake m LEFT JOIN campaign_bad_line b ON b.file_id = m.file_id AND b.number = m.number
    WHERE m.file_id = %(file)s AND m.number > %(after)s AND (%(known)s OR m.reason <> 'known')
    GROUP BY m.number, b.cells ORDER BY m.number LIMIT %(most)s"""
_LOCK = reaching_procedure("""
    SELECT f.confirmed_at IS NOT NULL FROM campaign_file f JOIN campaign c ON c.id = f.campaign_id
    WHERE f.id = %(file)s AND f.campaign_id = %(campaign)s AND {reached} FOR UPDATE OF f""")
_CONFIRM = """
    WITH added AS (
        INSERT INTO invitation (campaign_id, siret, name, email, language, state)
        SELECT %(campaign)s, siret, name, email, language, CASE WHEN o.digest IS NULL THEN 'waiting' ELSE 'declined' END
        FROM campaign_line l LEFT JOIN mail_opposition o ON o.digest = sha256(convert_to(lower(l.email), 'UTF8'))
        WHERE file_id = %(file)s ORDER BY number
        ON CONFLICT (campaign_id, siret) DO NOTHING RETURNING id),
    gone AS (DELETE FROM campaign_line WHERE file_id = %(file)s)
    UPDATE campaign_file SET confirmed_at = %(at)s, added = (SELECT count(*) FROM added) WHERE id = %(file)s"""


async def take(parts: Parts, agent: UUID, campaign: UUID, body: AsyncIterator[bytes]) -> UUID:
    """Read a list as it arrives, and keep what it holds until it is confirmed; the pages and the API share it.

    Raises:
        Invalid: nothing of it can be read, or it is too large; the error stands at the field ``file``.
        NotFound, Conflict: there is no such campaign, or it is stopped.
        TooManyRequests, Unavailable: as many files arrive as this process receives at once.
    """
    with parts.uploads.one(agent):
        content = bytearray()
        async for chunk in body:
            content += chunk
            if len(content) > MOST_BYTES:
                raise Invalid({"file": FieldError(TOO_LARGE, {"mb": MOST_BYTES // 1024 // 1024})})
        found = await asyncio.to_thread(reading.read, bytes(content))
        async with parts.pool.connection() as connection:
            return await keep(connection, agent, campaign, found, parts.clock())


async def keep(connection: Connection, agent: UUID, campaign: UUID, found: Read, at: datetime) -> UUID:
    """Keep what was read of a list until it is confirmed, in place of one that was not. Raises NotFound, Conflict."""
    async with connection.transaction():
        if (await campaigns.read(connection, agent, campaign)).state is State.STOPPED:
            raise Conflict(STOPPED)
        await connection.execute(_FORGET, {"campaign": campaign})
        sirets = [good.firm.siret for good in found.good]
        known = await connection.execute(_KNOWN, {"campaign": campaign, "sirets": sirets})
        usable = found.without({row[0] async for row in known})
        parameters = {"campaign": campaign, "at": at, "lines": usable.lines, "titles": list(usable.titles)}
        row = await (await connection.execute(_ADD, parameters)).fetchone()
        assert row is not None  # nosec B101 (an INSERT of one row returns it)
        file = UUID(str(row[0]))
        async with connection.cursor() as cursor:
            async with cursor.copy(_GOOD) as copy:
                for good in usable.good:
                    firm = good.firm
                    await copy.write_row((file, good.number, firm.siret, firm.name, firm.email, firm.language))
            async with cursor.copy(_BAD) as copy:
                for number, cells in usable.bad.items():
                    await copy.write_row((file, number, list(cells)))
            async with cursor.copy(_WRONG) as copy:
                for wrong in usable.mistakes:
                    await copy.write_row((file, wrong.number, wrong.field, wrong.reason.value, wrong.other))
    return file


async def read(connection: Connection, agent: UUID, campaign: UUID, file: UUID) -> List:
    """A list of a campaign of a procedure that ``agent`` handles. Raises NotFound."""
    async with connection.cursor(row_factory=class_row(List)) as cursor:
        found = await (await cursor.execute(_READ, {"file": file, "campaign": campaign, **reach(agent)})).fetchone()
    if found is None:
        raise NotFound(NO_SUCH_FILE)
    return found


async def reasons(connection: Connection, file: UUID) -> dict[Reason, int]:
    """In how many lines of a list each thing is wrong, the most frequent first."""
    return {Reason(reason): count async for reason, count in await connection.execute(_REASONS, {"file": file})}


async def bad_lines(
    connection: Connection, file: UUID, most: int, after: int = 0, *, known: bool = True
) -> AsyncIterator[BadLine]:
    """The lines of a list that cannot be used, ``most`` at most, those after line ``after``.

    Lines of firms that were invited before are among them where ``known`` says so: there is nothing to mend in them.
    """
    cursor = await connection.execute(_BAD_LINES, {"file": file, "most": most, "after": after, "known": known})
    async for number, cells, fields, said, other in cursor:
        wrong = zip(fields, said, strict=True)
        yield BadLine(number, cells, [Mistake(number, field, Reason(reason), other) for field, reason in wrong])


async def confirm(connection: Connection, agent: UUID, campaign: UUID, file: UUID, at: datetime) -> None:
    """Add the good lines of a list to its campaign, all in one transaction; confirming twice adds nothing.

    Firms whose address wants no campaign are added as such, and get no mail.

    Raises:
        NotFound: there is no such list.
        Conflict: the campaign is stopped.
    """
    async with connection.transaction():
        of = {"file": file, "campaign": campaign, **reach(agent)}
        row = await (await connection.execute(_LOCK, of)).fetchone()
        if row is None:
            raise NotFound(NO_SUCH_FILE)
        if row[0]:
            return
        found = await campaigns.read(connection, agent, campaign)
        if found.state is State.STOPPED:
            raise Conflict(STOPPED)
        await connection.execute(_CONFIRM, {"file": file, "campaign": campaign, "at": at})
        if found.state is State.RUNNING:
            await campaigns.go_on(connection, campaign)
