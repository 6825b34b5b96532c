"""The synthesis: what is asked, by whom, how long it takes. Made by a job, read from a few rows.

Counted anew each time over two years, so that nothing drifts and filing writes no counter that all would queue for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from psycopg.rows import class_row

from reference_app.database import Connection
from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.groups import GROUPS
from reference_app.instruction.tallies import NEAR_D
from reference_app.procedure import FILED, filing_of

MONTHS = 24
AGES_D = (7, 14, 30, 60)
"""Upper ends of the ages that waiting dossiers are counted by, in days; the last count is of older ones."""
MAKING_MS = 120_000
"""Longest time one statement of the making may take: it runs in a job, where nobody waits."""

_LOCK = 7_205_759_405
"""Advisory lock of the making: two at once would write the same rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What came and went in one month; delays are seconds from filing to decision, None where nothing was decided."""

    month: date
    filed: int
    at_counter: int
    asked_eur: int
    decided: int
    accepted: int
    granted_eur: int
    median_s: float | None
    p90_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a group stood at ``made_at``: undecided dossiers by age, those near their silence date, answers by choice."""

    groupe: str
    made_at: datetime
    waiting: list[int]
    near: int
    answers: Mapping[str, Mapping[str, int]]


_MONTHS_OF = """
    SELECT month, filed, at_counter, asked_eur, decided, accepted, granted_eur, median_s, p90_s FROM synthese_mois
    WHERE groupe = %(group)s ORDER BY month DESC LIMIT %(most)s"""
_STANDING_OF = "SELECT groupe, made_at, waiting, near, answers FROM synthese WHERE groupe = %(group)s"

_FORGET_MONTHS = "DELETE FROM synthese_mois"
_MAKE_MONTHS = """
    WITH came AS (
        SELECT d.groupe, date_trunc('month', d.filed_at AT TIME ZONE %(zone)s)::date AS month, count(*) AS filed,
               count(*) FILTER (WHERE a.provider = 'counter') AS at_counter,
               coalesce(sum((d.answers ->> (%(amounts)s::jsonb ->> d.procedure))::bigint), 0) AS asked_eur
        FROM dossier d JOIN account a ON a.id = d.account_id
        WHERE d.state <> 'brouillon' AND d.filed_at >= %(since)s GROUP BY 1, 2
    ), went AS (
        SELECT d.groupe, date_trunc('month', d.decided_at AT TIME ZONE %(zone)s)::date AS month, count(*) AS decided,
               count(*) FILTER (WHERE d.state = 'accepte') AS accepted,
               coalesce(sum((d.answers ->> (%(amounts)s::jsonb ->> d.procedure))::bigint)
                        FILTER (WHERE d.state = 'accepte'), 0) AS granted_eur,
               percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM d.decided_at - d.filed_at))
                   AS delays
        FROM dossier d
        WHERE d.state IN ('accepte', 'refuse', 'sans_suite') AND d.withdrawn_at IS NULL AND d.decided_at >= %(since)s
        GROUP BY 1, 2
    )
    INSERT INTO synthese_mois (groupe, month, filed, at_counter, asked_eur, decided, accepted, granted_eur, median_s,
                               p90_s)
    SELECT groupe, month, coalesce(filed, 0), coalesce(at_counter, 0), coalesce(asked_eur, 0), coalesce(decided, 0),
           coalesce(accepted, 0), coalesce(granted_eur, 0), delays[1], delays[2]
    FROM came FULL JOIN went USING (groupe, month)"""

_MAKE_STANDING = """
    WITH old AS (
        SELECT groupe, width_bucket((%(today)s - (filed_at AT TIME ZONE %(zone)s)::date)::int, %(ages)s::int[]) AS age,
               count(*) AS many, count(*) FILTER (WHERE silence_on <= %(near)s) AS near
        FROM dossier WHERE state IN ('en_construction', 'en_instruction') GROUP BY 1, 2
    ), said AS (
        SELECT d.groupe, c.field, d.answers ->> c.field AS answer, count(*) AS many
        FROM dossier d JOIN jsonb_to_recordset(%(choices)s::jsonb) AS c(procedure text, field text)
             ON c.procedure = d.procedure
        WHERE d.state <> 'brouillon' AND d.filed_at >= %(since)s AND d.answers ? c.field GROUP BY 1, 2, 3
    ), told AS (
        SELECT groupe, jsonb_object_agg(field, answers) AS answers FROM (
            SELECT groupe, field, jsonb_object_agg(answer, many) AS answers FROM said GROUP BY 1, 2) AS fields
        GROUP BY 1
    )
    INSERT INTO synthese (groupe, made_at, waiting, near, answers)
    SELECT g, %(at)s,
           ARRAY(SELECT coalesce((SELECT many FROM old WHERE old.groupe = g AND age = n), 0)
                 FROM generate_series(0, %(last)s) AS n ORDER BY n),
           coalesce((SELECT sum(near) FROM old WHERE old.groupe = g), 0),
           coalesce((SELECT answers FROM told WHERE told.groupe = g), '{}')
    FROM unnest(%(groups)s::text[]) AS g
    ON CONFLICT (groupe) DO UPDATE
    SET made_at = excluded.made_at, waiting = excluded.waiting, near = excluded.near, answers = excluded.answers"""


async def make(connection: Connection, at: datetime) -> None:
    """Count everything anew, in one transaction: readers see the synthesis of before until it commits."""
    today = at.astimezone(LEGAL_TIME).date()
    fields = {name: filing_of(procedure).fields for name, procedure in FILED.items()}
    amounts = {name: next((f.name for f in of if f.kind == "amount"), None) for name, of in fields.items()}
    choices = [
        {"procedure": name, "field": field.name}
        for name, of in fields.items()
        for field in of
        if field.kind == "choice"
    ]
    values = {
        "at": at,
        "zone": LEGAL_TIME.key,
        "today": today,
        "near": today + timedelta(days=NEAR_D),
        "since": at - timedelta(days=31 * MONTHS),
        "ages": [days + 1 for days in AGES_D],
        "last": len(AGES_D),
        "groups": list(GROUPS),
        "amounts": json.dumps(amounts),
        "choices": json.dumps(choices),
    }
    async with connection.transaction():
        await connection.execute("SELECT set_config('statement_timeout', %(ms)s, true)", {"ms": str(MAKING_MS)})
        await connection.execute("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _LOCK})
        await connection.execute(_FORGET_MONTHS)
        await connection.execute(_MAKE_MONTHS, values)
        await connection.execute(_MAKE_STANDING, values)


async def months(connection: Connection, group: str) -> list[Month]:
    """The months of a group, newest first."""
    async with connection.cursor(row_factory=class_row(Month)) as cursor:
        await cursor.execute(_MONTHS_OF, {"group": group, "most": MONTHS})
        return await cursor.fetchall()


async def standing(connection: Connection, group: str) -> Standing | None:
    """How a group stood when the synthesis was made; None before the first one."""
    async with connection.cursor(row_factory=class_row(Standing)) as cursor:
        await cursor.execute(_STANDING_OF, {"group": group})
        return await cursor.fetchone()
