"""The gate before the finance system: one row that all workers go by, so that together they press no harder than one.

A breaker (Nygard, "Release It!"): after some failures in a row nothing is sent for a while, then one attempt tries. A
budget of retries (Google SRE book, "Handling Overload"): each first attempt earns a tenth of a retry, so that however
much fails, retries stay a tenth of the load, beside a trickle that empties what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from reference_app.database import Connection
from reference_app.deliveries.delivery import Problem
from reference_app.deliveries.policy import Policy

_READ = """
    SELECT failures, failing_since, closed_until, why, tokens, tokens_at,
           (SELECT count(*) FROM delivery WHERE held_until > %(now)s) AS held
    FROM finance_gate"""
_SPEND = "UPDATE finance_gate SET tokens = %(tokens)s, tokens_at = %(now)s"
_WELL = """
    UPDATE finance_gate SET failures = 0, failing_since = NULL, closed_until = NULL, why = NULL
    WHERE failures <> 0 OR closed_until IS NOT NULL"""
_BADLY = """
    UPDATE finance_gate SET failures = %(failures)s, closed_until = %(until)s, why = %(why)s,
        failing_since = CASE WHEN %(failures)s > failures THEN coalesce(failing_since, %(now)s)
                             ELSE failing_since END"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The row, and how many attempts are under way (``held``); since ``failing_since``, ``failures`` in a row."""

    failures: int
    failing_since: datetime | None
    closed_until: datetime | None
    why: Problem | None
    tokens: float
    tokens_at: datetime
    held: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "why", None if self.why is None else Problem(self.why))

    def shut(self, now: datetime, policy: Policy) -> tuple[Problem, datetime] | None:
        """Why nothing may be sent now and until when; None when something may."""
        if (opens := policy.opens_at(now)) is not None:
            return Problem.CLOSED, opens
        if self.closed_until is not None and self.closed_until > now:
            return Problem.AWAY if self.why is None else self.why, self.closed_until
        return None

    def room(self, policy: Policy) -> int:
        """How many more attempts may begin: one alone while the breaker tries whether the system is back."""
        most = 1 if self.failures >= policy.trips_after else policy.at_once
        return max(0, most - self.held)

    def budget(self, now: datetime, policy: Policy) -> float:
        """Retries that may be made now."""
        earned = (now - self.tokens_at).total_seconds() / 60 * policy.budget_a_minute
        return min(policy.budget_most, self.tokens + max(0.0, earned))


async def read(connection: Connection, now: datetime) -> Gate:
    """The gate as it stands."""
    return await _one(connection, now)


async def locked(connection: Connection, now: datetime) -> Gate:
    """The gate, locked until the transaction ends; who is under way is counted once it is."""
    await connection.execute("SELECT FROM finance_gate FOR UPDATE")
    return await _one(connection, now)


async def spend(connection: Connection, gate: Gate, now: datetime, policy: Policy, *, retry: bool) -> None:
    """Write down that an attempt begins: a retry costs one, a first attempt earns its share. The gate is locked."""
    change = -1.0 if retry else policy.budget_share
    tokens = round(max(0.0, min(policy.budget_most, gate.budget(now, policy) + change)), 6)  # ten tenths are one
    await connection.execute(_SPEND, {"tokens": tokens, "now": now})


async def went_well(connection: Connection) -> None:
    """The system answered: the breaker closes."""
    await connection.execute(_WELL)


async def went_badly(
    connection: Connection, problem: Problem, now: datetime, policy: Policy, told_s: int | None = None
) -> None:
    """The system said when to come back, or failed once more: after some failures in a row the breaker opens."""
    gate = await locked(connection, now)
    until: datetime | None = None
    match problem:
        case Problem.CLOSED | Problem.BUSY:
            failures = gate.failures
            until = now + timedelta(seconds=policy.open_s if told_s is None else told_s)
        case _:
            failures = gate.failures + 1
            if failures >= policy.trips_after:
                open_s = policy.open_s * 2.0 ** min(failures - policy.trips_after, 30)
                until = now + timedelta(seconds=min(open_s, policy.longest_open_s))
    await connection.execute(_BADLY, {"failures": failures, "until": until, "why": problem, "now": now})


async def _one(connection: Connection, now: datetime) -> Gate:
    async with connection.cursor(row_factory=class_row(Gate)) as cursor:
        await cursor.execute(_READ, {"now": now})
        gate = await cursor.fetchone()
    assert gate is not None  # nosec B101 (the migration made the row)
    return gate
