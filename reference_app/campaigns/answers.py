"""What a campaign has brought: how far each invitation got, by day, and what those who filed need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from reference_app.campaigns.campaign import Campaign
from reference_app.database import Connection
from reference_app.form import Choice, FormField
from reference_app.procedure import filing_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How many firms got how far."""

    invited: int
    waiting: int
    sent: int
    refused: int
    declined: int
    opened: int
    filed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOf:
    """What happened on one day, legal time."""

    day: date
    sent: int
    opened: int
    filed: int


BANDS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
"""Amounts in euros at which one band ends and the next begins."""


@dataclass(frozen=True, slots=True)
class Band:
    """How many amounts there are of ``low`` euros and more, but less than ``high``; None in the last band."""

    low: int
    high: int | None
    number: int


@dataclass(frozen=True, kw_only=True)
class Need:
    """What was answered in one field: how often each choice, or the sum, the middle and the bands of the amounts."""

    field: FormField
    answered: int
    choices: Sequence[tuple[Choice, int]] = ()
    total: int = 0
    median: int = 0
    bands: Sequence[Band] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One invitation in the export."""

    siret: str
    name: str
    email: str
    language: str | None
    state: str
    sent_at: datetime | None
    opened_at: datetime | None
    filed_at: datetime | None
    receipt_number: str | None


_FILED = sql.SQL("""
    SELECT i.id, d.answers, d.filed_at, d.receipt_number FROM invitation i JOIN dossier d ON d.account_id = i.account_id
    WHERE i.campaign_id = %(campaign)s AND d.procedure = %(procedure)s AND d.state <> 'brouillon'
      AND d.filed_at >= i.opened_at""")
"""Dossiers of invited firms: of the account that opened the link, filed after it did."""


def _with_filed(text: LiteralString) -> bytes:
    return sql.SQL(text).format(filed=_FILED).as_bytes()


_REACHED = _with_filed("""
    WITH filed AS ({filed})
    SELECT count(*) AS invited, count(*) FILTER (WHERE state = 'waiting') AS waiting,
           count(sent_at) AS sent, count(*) FILTER (WHERE state = 'refused') AS refused,
           count(*) FILTER (WHERE state = 'declined') AS declined, count(opened_at) AS opened,
           (SELECT count(DISTINCT id) FROM filed) AS filed
    FROM invitation WHERE campaign_id = %(campaign)s""")

_DAYS = _with_filed("""
    WITH filed AS ({filed}),
    happened AS (
        SELECT (sent_at AT TIME ZONE 'Europe/Paris')::date AS day, 1 AS sent, 0 AS opened, 0 AS filed
        FROM invitation WHERE campaign_id = %(campaign)s AND sent_at IS NOT NULL
        UNION ALL SELECT (opened_at AT TIME ZONE 'Europe/Paris')::date, 0, 1, 0
        FROM invitation WHERE campaign_id = %(campaign)s AND opened_at IS NOT NULL
        UNION ALL SELECT (filed_at AT TIME ZONE 'Europe/Paris')::date, 0, 0, 1 FROM filed)
    SELECT day, sum(sent)::int AS sent, sum(opened)::int AS opened, sum(filed)::int AS filed
    FROM happened GROUP BY day ORDER BY day DESC LIMIT 60""")

_CHOICES = _with_filed("""
    WITH filed AS ({filed}) SELECT answers ->> %(field)s, count(*) FROM filed
    WHERE answers ? %(field)s GROUP BY 1""")

_AMOUNTS = _with_filed("""
    WITH filed AS ({filed})
    SELECT count(*), coalesce(sum((answers ->> %(field)s)::bigint), 0)::bigint,
           coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY (answers ->> %(field)s)::bigint), 0)::bigint
    FROM filed WHERE answers ? %(field)s""")

_BANDS = _with_filed("""
    WITH filed AS ({filed})
    SELECT width_bucket((answers ->> %(field)s)::bigint, %(bands)s::bigint[]), count(*) FROM filed
    WHERE answers ? %(field)s GROUP BY 1""")

_LINES = _with_filed("""
    WITH filed AS ({filed})
    SELECT i.siret, i.name, i.email, i.language, i.state, i.sent_at, i.opened_at,
           min(f.filed_at) AS filed_at, min(f.receipt_number) AS receipt_number
    FROM invitation i LEFT JOIN filed f ON f.id = i.id WHERE i.campaign_id = %(campaign)s
    GROUP BY i.id ORDER BY i.id""")


def _of(campaign: Campaign) -> dict[str, object]:
    return {"campaign": campaign.id, "procedure": campaign.procedure}


async def reached(connection: Connection, campaign: Campaign) -> Reached:
    """How far the invitations of a campaign got."""
    async with connection.cursor(row_factory=class_row(Reached)) as cursor:
        row = await (await cursor.execute(_REACHED, _of(campaign))).fetchone()
    assert row is not None  # nosec B101 (an aggregate returns a row)
    return row


async def by_day(connection: Connection, campaign: Campaign) -> list[DayOf]:
    """What happened each day, the newest first; sixty days at most."""
    async with connection.cursor(row_factory=class_row(DayOf)) as cursor:
        return await (await cursor.execute(_DAYS, _of(campaign))).fetchall()


async def needs(connection: Connection, campaign: Campaign) -> list[Need]:
    """The answers of those who filed, for the fields that can be summed up: choices and amounts."""
    found = []
    for field in filing_of(campaign.known).fields:
        values = {**_of(campaign), "field": field.name, "bands": list(BANDS)}
        if field.kind == "choice":
            counted = {value: count async for value, count in await connection.execute(_CHOICES, values)}
            choices = [(choice, counted.get(choice.value, 0)) for choice in field.choices]
            found.append(Need(field=field, answered=sum(counted.values()), choices=choices))
        elif field.kind == "amount":
            row = await (await connection.execute(_AMOUNTS, values)).fetchone()
            assert row is not None  # nosec B101 (an aggregate returns a row)
            within = {band: count async for band, count in await connection.execute(_BANDS, values)}
            found.append(Need(field=field, answered=row[0], total=row[1], median=row[2], bands=_bands(within)))
    return found


def _bands(within: Mapping[int, int]) -> list[Band]:
    """The bands from the lowest to the highest that has an amount, with those between them."""
    if not within:
        return []
    lows, highs = (0, *BANDS), (*BANDS, None)
    return [Band(lows[n], highs[n], within.get(n, 0)) for n in range(min(within), max(within) + 1)]


async def lines(connection: Connection, campaign: UUID, procedure: str) -> AsyncIterator[Line]:
    """Every invitation of a campaign, read part by part within a transaction of the caller."""
    async with connection.cursor(name="campaign_lines", row_factory=class_row(Line)) as cursor:
        await cursor.execute(_LINES, {"campaign": campaign, "procedure": procedure})
        async for line in cursor:
            yield line
