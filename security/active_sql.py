"""SQL injection: an error of the database, a quote that fails alone and not in a pair, two conditions that differ."""

from __future__ import annotations

import re
import time

from scorecard.journeys.exchange import Reply
from security.active_attempt import REPEATS, Attempt, Proof, Weakness, form_of

# What database libraries write when a statement cannot be parsed (messages of SQLite, PostgreSQL, MySQL, SQL Server
# and Oracle).
_ERRORS = re.compile(
    r"near &?\W?(?:quot;|#34;)?[^:]{0,40}: syntax error|unrecognized token|incomplete input"
    r"|unterminated quoted string|syntax error at or near|SQLSTATE|sqlite3\.\w*Error|psycopg2?\.\w+|sqlalchemy\.exc"
    r"|You have an error in your SQL syntax|ORA-\d{5}|Unclosed quotation mark|quoted string not properly terminated",
)
PAUSE_S = 1.0
"""What a database is made to wait; an answer that comes at once between two that wait shows that it is not load."""


def try_sql(attempt: Attempt) -> Proof | None:
    """What shows that a value becomes part of a statement, None when nothing does."""
    value = attempt.point.value
    quoted = attempt.send(f"{value}'")
    error = _ERRORS.search(quoted.text)
    if error is not None and not attempt.base_holds(error[0]) and not _ERRORS.search(attempt.send(value + "x").text):
        return Proof(Weakness.SQL, f"{value}'", f"{quoted.ended} with an error of the database: {error[0][:60]}")
    if (proof := _unpaired(attempt, quoted)) is not None:
        return proof
    if attempt.guarded:
        return None
    if (proof := _conditions(attempt)) is not None:
        return proof
    return _pause(attempt) if attempt.thorough else None


def _unpaired(attempt: Attempt, quoted: Reply) -> Proof | None:
    """One quote fails and two do not, and words between the two fail again: they were read as SQL, not as a text.

    A shell takes the words between two quotes for one more argument, so that it is not mistaken for a database.
    """
    value = attempt.point.value
    if quoted.status is None or quoted.status < 500:
        return None
    for _ in range(REPEATS):
        paired, words, again = (attempt.send(value + more) for more in ("''", "' zq '", "'"))
        if not paired.answered or not _fails(words) or not _fails(again):
            return None
    came = f"{quoted.ended} {REPEATS} times of {REPEATS}, and {paired.ended} when the quote is doubled"
    return Proof(Weakness.SQL, f"{value}'", came)


def _fails(reply: Reply) -> bool:
    return reply.status is not None and reply.status >= 500


def _conditions(attempt: Attempt) -> Proof | None:
    """A true and a false condition are answered differently, and the same characters without meaning are not."""
    value = attempt.point.value
    shapes = [f"{value}' AND '1'='{{}}' -- "]
    if value.isdecimal():
        shapes.append(f"{value} AND 1={{}}")
    if attempt.only_reads:
        # this one matches more than it should: never where something could be changed or deleted by it
        shapes.append(f"{value}zq' OR '1'='{{}}' -- ")
    for shape in shapes:
        meaningless = shape.replace(" AND ", " ANB ").replace(" OR ", " OB ").replace("' -- ", "")
        if not _differ(attempt, shape, 1) or _differ(attempt, meaningless, 1):
            continue
        if _differ(attempt, shape, REPEATS):
            came = f"another answer than to {shape.format(2)!r}, {REPEATS} times of {REPEATS}"
            return Proof(Weakness.SQL, shape.format(1), came)
    return None


def _differ(attempt: Attempt, shape: str, times: int) -> bool:
    """Whether the two conditions are always answered differently, and each always the same."""
    forms: tuple[set[object], set[object]] = (set(), set())
    for _ in range(times):
        for condition, seen in enumerate(forms, start=1):
            value = shape.format(condition)
            reply = attempt.send(value)
            if not reply.answered:
                return False
            seen.add(form_of(reply, value))
    return len(forms[0]) == len(forms[1]) == 1 and forms[0] != forms[1]


def _pause(attempt: Attempt) -> Proof | None:
    value = attempt.point.value
    for pause in ("'||pg_sleep({})||'", "' AND SLEEP({}) AND '1'='1", "'; WAITFOR DELAY '0:0:{}' -- "):
        if all(_waits(attempt, value + pause) for _ in range(REPEATS)):
            came = f"an answer {PAUSE_S:g} s later than without the pause, {REPEATS} times of {REPEATS}"
            return Proof(Weakness.SQL, value + pause.format(f"{PAUSE_S:g}"), came)
    return None


def _waits(attempt: Attempt, shape: str) -> bool:
    return _lasts(attempt, shape.format(f"{PAUSE_S:g}")) >= PAUSE_S > 2 * _lasts(attempt, shape.format(0))


def _lasts(attempt: Attempt, value: str) -> float:
    started = time.monotonic()
    return time.monotonic() - started if attempt.send(value).status is not None else 0.0
