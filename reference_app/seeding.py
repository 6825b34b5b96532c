"""Invented dossiers in great number, written by the database itself: what a service meets after a year."""

from __future__ import annotations

import json
from typing import Any, LiteralString

from reference_app.database import Connection
from reference_app.dossiers.operations import content_words

ANSWERS: dict[str, Any] = {
    "siret": "73282932000074",
    "company_name": "Établissement FICTIF-@",
    "contact_email": "fictif@example.fr",
    "activity": "stopped",
    "need": "Dossier fictif, écrit pour les essais de charge.",
    "amount": 5000,
}
_RECEIPT = "FICTIF-@"
_WORDS = content_words(ANSWERS, _RECEIPT, "Dossier fictif.")
_WORDS_WAITING = content_words(ANSWERS, _RECEIPT, None)

_ACCOUNTS = """
INSERT INTO account (provider, subject)
SELECT 'citizen', 'seed-' || n FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
ON CONFLICT (provider, subject) DO NOTHING"""
_AGENT = "INSERT INTO account (provider, subject) VALUES ('agent', 'seed') ON CONFLICT (provider, subject) DO NOTHING"

_DOSSIERS = """
WITH made AS MATERIALIZED (
    SELECT uuidv7() AS id, a.id AS account, 'FICTIF-' || n AS receipt, n %% 10 = 0 AS waiting,
           now() - (n %% 365) * interval '1 day' AS at
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
    JOIN account a ON a.provider = 'citizen' AND a.subject = 'seed-' || n
), told AS MATERIALIZED (
    SELECT *, CASE WHEN waiting THEN 'en_construction' ELSE 'accepte' END AS state,
           json_build_object('at', at, 'by', account, 'content', encode(sha256(convert_to(replace(
               CASE WHEN waiting THEN %(waiting)s ELSE %(decided)s END, 'FICTIF-@', receipt), 'UTF8')), 'hex'),
               'dossier', id, 'rank', 1, 'state', CASE WHEN waiting THEN 'en_construction' ELSE 'accepte' END)::text
               AS payload
    FROM made
), written AS (
    INSERT INTO dossier (id, account_id, procedure, state, answers, created_at, updated_at, receipt_number, filed_at,
                         silence_on, agent_id, claimed_at, decided_at, motivation, operations, head)
    SELECT id, account, 'emergency-aid', state, replace(%(answers)s, 'FICTIF-@', receipt)::jsonb, at, at, receipt, at,
           at::date + 60,
           CASE WHEN NOT waiting THEN (SELECT id FROM account WHERE provider = 'agent' AND subject = 'seed') END,
           CASE WHEN NOT waiting THEN at END, CASE WHEN NOT waiting THEN at END,
           CASE WHEN NOT waiting THEN 'Dossier fictif.' END, 1, sha256(convert_to(payload, 'UTF8'))
    FROM told
), logged AS (
    INSERT INTO operation (dossier_id, rank, payload, digest)
    SELECT id, 1, payload, sha256(convert_to(payload, 'UTF8')) FROM told
)
INSERT INTO traitement (dossier_id, state, at, account_id, motivation)
SELECT id, state, at, account, CASE WHEN NOT waiting THEN 'Dossier fictif.' END FROM told"""

_AT_ONCE = 20_000
"""Dossiers of one transaction."""


async def seed(connection: Connection, dossiers: int) -> int:
    """Add invented dossiers, nine decided for one that waits, until there are ``dossiers``; returns how many came.

    Each has its account, its history and a log whose digests hold, as if it had been taken over from an older service.
    """
    there = await _count(connection)
    first = 1 + await _seeded(connection)
    last = first + max(0, dossiers - there) - 1
    await connection.execute(_AGENT)
    for begin in range(first, last + 1, _AT_ONCE):
        numbers = {"first": begin, "last": min(last, begin + _AT_ONCE - 1)}
        async with connection.transaction():
            await connection.execute(_ACCOUNTS, numbers)
            words = {"waiting": _WORDS_WAITING, "decided": _WORDS, "answers": json.dumps(ANSWERS)}
            await connection.execute(_DOSSIERS, numbers | words)
    await connection.execute("VACUUM ANALYZE account, dossier, operation, traitement")
    return max(0, last - first + 1)


async def _count(connection: Connection) -> int:
    return await _number(connection, "SELECT count(*) FROM dossier")


async def _seeded(connection: Connection) -> int:
    return await _number(
        connection, "SELECT count(*) FROM account WHERE provider = 'citizen' AND starts_with(subject, 'seed-')"
    )


async def _number(connection: Connection, query: LiteralString) -> int:
    async with connection.cursor() as cursor:
        await cursor.execute(query)
        row = await cursor.fetchone()
    assert row is not None, "a count has a row"  # nosec B101 (an invariant)
    return int(row[0])
