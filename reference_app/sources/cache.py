"""Answers of sources, kept until they expire: the same question is not asked twice a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from psycopg.types.json import Jsonb

from reference_app.database import Connection
from reference_app.sources.described import PERSONAL, SourceName
from reference_app.sources.said import Facts, Outcome, Said

KEPT = timedelta(hours=24)
"""What is public: as long as the API itself keeps it (X-Cache-Expires-in)."""

PERSONAL_KEPT = timedelta(hours=1)
"""What is about a person: no longer than it takes to fill in a form."""

NOTHING_KEPT = timedelta(minutes=10)
"""That a source knows nothing: a business that was founded this morning is there soon."""

_READ = """
    SELECT facts, said_at FROM source_answer
    WHERE source = %(source)s AND key = %(key)s AND expires_at > %(at)s"""
_KEEP = """
    INSERT INTO source_answer (source, key, account_id, facts, said_at, expires_at)
    VALUES (%(source)s, %(key)s, %(account)s, %(facts)s, %(at)s, %(until)s)
    ON CONFLICT (source, key) DO UPDATE
    SET facts = excluded.facts, said_at = excluded.said_at, expires_at = excluded.expires_at"""


async def read(connection: Connection, source: SourceName, key: str | None, account: UUID, at: datetime) -> Said | None:
    """What is still kept of ``source`` about ``key``, or about ``account`` where the source is about the person."""
    parameters = {"source": source, "key": _key(source, key, account), "at": at}
    row = await (await connection.execute(_READ, parameters)).fetchone()
    if row is None:
        return None
    facts: Facts | None = row[0]
    return said(key, facts, row[1])


async def keep(
    connection: Connection, source: SourceName, key: str | None, account: UUID, facts: Facts | None, at: datetime
) -> None:
    """Keep what ``source`` said at ``at``; None for facts says that it knows nothing."""
    kept = NOTHING_KEPT if facts is None else PERSONAL_KEPT if source in PERSONAL else KEPT
    parameters = {
        "source": source,
        "key": _key(source, key, account),
        "account": account if source in PERSONAL else None,
        "facts": None if facts is None else Jsonb(facts),
        "at": at,
        "until": at + kept,
    }
    await connection.execute(_KEEP, parameters)


def said(key: str | None, facts: Facts | None, at: datetime) -> Said:
    """An answer as it is kept with a dossier."""
    outcome = Outcome.UNKNOWN if facts is None else Outcome.FOUND
    return Said(outcome=outcome, key=key, at=at, facts={} if facts is None else dict(facts))


def _key(source: SourceName, key: str | None, account: UUID) -> str:
    if source in PERSONAL:
        return str(account)
    assert key is not None  # nosec B101 (procedures without a key for it cannot be read)
    return key
