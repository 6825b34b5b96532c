"""How many dossiers wait, for the head of the queue: counted up to a bound, and not for every page anew."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

from psycopg.rows import dict_row

from reference_app.database import Connection
from reference_app.groups import GROUPS

BOUND = 1000
"""More than so many of a group are not counted: "1 000+" says what an agent needs, whatever the table grows to."""
KEPT_S = 15.0
NEAR_D = 14
"""Days before its silence date from which a dossier is called near it."""

_COUNT = """
    SELECT g AS groupe,
           (SELECT count(*) FROM (SELECT FROM dossier WHERE groupe = g AND state = 'en_construction'
                                  AND correction_asked_at IS NULL LIMIT %(most)s) AS d) AS to_take,
           (SELECT count(*) FROM (SELECT FROM dossier WHERE groupe = g AND state = 'en_construction'
                                  AND correction_asked_at IS NOT NULL LIMIT %(most)s) AS d) AS to_mend,
           (SELECT count(*) FROM (SELECT FROM dossier WHERE groupe = g AND state = 'en_instruction'
                                  AND state <> 'brouillon' LIMIT %(most)s) AS d) AS under_review,
           (SELECT count(*) FROM (SELECT FROM dossier WHERE groupe = g AND silence_on <= %(near)s
                                  AND state IN ('en_construction', 'en_instruction') LIMIT %(most)s) AS d) AS near
    FROM unnest(%(groups)s::text[]) AS g"""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one group, or of several together; ``over`` tells which are at least what is said."""

    to_take: int = 0
    to_mend: int = 0
    under_review: int = 0
    near: int = 0
    over: frozenset[str] = frozenset()


class Tallies:
    """The counts of every group, as they were up to 15 s ago; ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counted: Mapping[str, Mapping[str, int]] = {}
        self._at = -math.inf

    async def of(self, connection: Connection, groups: Iterable[str], at: datetime) -> Tally | None:
        """The counts of ``groups`` together; None while the first are being counted."""
        now = self._clock()
        if now - self._at >= KEPT_S:
            last, self._at = self._at, now  # before it is counted: others meanwhile get what was counted last
            try:
                self._counted = await count(connection, at.date())
            except BaseException:
                self._at = last
                raise
        if not self._counted:
            return None
        mine = [self._counted.get(group, {}) for group in groups]
        names = [field.name for field in fields(Tally) if field.name != "over"]
        sums = {name: sum(min(one.get(name, 0), BOUND) for one in mine) for name in names}
        over = frozenset(name for name in names if any(one.get(name, 0) > BOUND for one in mine))
        return Tally(**sums, over=over)


async def count(connection: Connection, today: date) -> Mapping[str, Mapping[str, int]]:
    """The counts of every group by its identifier, each up to one more than the bound."""
    values = {"groups": list(GROUPS), "most": BOUND + 1, "near": today + timedelta(days=NEAR_D)}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_COUNT, values)
        return {row.pop("groupe"): row for row in await cursor.fetchall()}
