"""Dossiers that an agent took and left: after some days without anything done, the service gives them back."""

from __future__ import annotations

from datetime import datetime, timedelta

from observability import telemetry
from reference_app.database import Connection
from reference_app.dossiers.dossier import ROW, statement
from reference_app.dossiers.operations import change
from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.dossiers.states import State
from reference_app.errors import N_
from reference_app.procedure import FILED, filing_of

GIVEN_BACK = N_("It waits for an agent again: nothing had been done about it for too long.")
"""Stands in the history, which its author and the agents read."""
_BATCH = 100

# What its author wrote is no work done on it. An advice that may still come is waited for; one that came is looked at.
_LEFT = statement("""
    SELECT {columns} FROM dossier
    WHERE procedure = %(procedure)s AND state = 'en_instruction' AND claimed_at < %(before)s AND updated_at < %(before)s
      AND NOT EXISTS (SELECT FROM message m
                      WHERE m.dossier_id = dossier.id AND m.from_agent AND m.at >= %(before)s)
      AND NOT EXISTS (SELECT FROM avis a WHERE a.dossier_id = dossier.id
                      AND (a.answered_at >= %(before)s OR (a.answered_at IS NULL AND a.ends_on >= %(today)s)))
    ORDER BY claimed_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED""")


async def give_back(connection: Connection, at: datetime) -> int:
    """Give back what was left for longer than its procedure allows; how many.

    In small transactions that pass over a dossier somebody is at: stopped at any moment, it goes on where it was.
    """
    done = 0
    for name, procedure in FILED.items():
        before = at - timedelta(days=filing_of(procedure).given_back_days)
        today = at.astimezone(LEGAL_TIME).date()
        values = {"procedure": name, "before": before, "today": today, "batch": _BATCH}
        while found := await _batch(connection, values, at):
            done += found
    return done


async def _batch(connection: Connection, values: dict[str, object], at: datetime) -> int:
    async with connection.transaction():
        async with connection.cursor(row_factory=ROW) as cursor:
            await cursor.execute(_LEFT, values)
            left = await cursor.fetchall()
        for dossier in left:
            await change(
                connection,
                dossier,
                State.EN_CONSTRUCTION,
                by=None,
                at=at,
                did="given_back",
                note=GIVEN_BACK,
                agent_id=None,
                claimed_at=None,
            )
    for dossier in left:
        telemetry.event("dossier.given_back", receipt=dossier.receipt_number)
    return len(left)
