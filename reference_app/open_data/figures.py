"""Counting the dossiers filed in a month: by département and state, with how long the decision took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any

from psycopg.rows import dict_row

from reference_app.database import Connection
from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.months import months_after
from reference_app.open_data.secrecy import LEAST, TOTAL, withheld

STATES = ("accepte", "refuse", "sans_suite", "en_cours")
"""In which a dossier may be counted; the last is all that nobody has decided."""
UNKNOWN = ""
"""The département of a dossier whose address is not known."""

# The address is what the business register said; its last number of five digits is the postal code.
_COUNT = """
    WITH counted AS (
        SELECT CASE WHEN state IN ('accepte', 'refuse', 'sans_suite') THEN state ELSE 'en_cours' END AS state,
               coalesce(substring(known #>> '{business_register,facts,address}' FROM '.*\\y([0-9]{5})\\y'), '') AS code,
               CASE WHEN decided_at IS NOT NULL THEN extract(epoch FROM decided_at - filed_at) / 86400 END AS days
        FROM dossier
        WHERE procedure = %(procedure)s AND filed_at >= %(begin)s AND filed_at < %(end)s AND state <> 'brouillon'
    ), placed AS (
        SELECT state, days, CASE WHEN code ~ '^20[01]' THEN '2A' WHEN code ~ '^20' THEN '2B'
                                 WHEN code ~ '^9[78]' THEN left(code, 3) ELSE left(code, 2) END AS place
        FROM counted
    )
    SELECT coalesce(place, %(total)s) AS place, coalesce(state, %(total)s) AS state, count(*) AS dossiers,
           count(days) AS decided,
           percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY days) AS quantiles
    FROM placed GROUP BY GROUPING SETS ((place, state), (place), (state), ())"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: dossiers of a département in a state, ``*`` for all; None for a number that is withheld.

    Delays are whole days from filing to decision. A median stands for eleven on either side, and so does the ninth
    decile: both are left out where fewer were decided.
    """

    departement: str
    state: str
    dossiers: int | None
    median_days: int | None
    ninth_decile_days: int | None


async def of_month(connection: Connection, procedure: str, month: date) -> list[Figure]:
    """The figures of the dossiers of ``procedure`` filed in the month that begins on ``month``, with all totals."""
    values = {"procedure": procedure, "begin": _begin(month), "end": _begin(months_after(month, 1)), "total": TOTAL}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_COUNT, values)
        return figures(await cursor.fetchall())


def figures(rows: Iterable[dict[str, Any]]) -> list[Figure]:
    """Lines from counted rows: a zero where nothing was counted, nothing where few were, or where it would tell."""
    counted = {(row["place"], row["state"]): row for row in rows}
    places = sorted({place for place, _ in counted} - {TOTAL})
    cells = [(place, state) for place in (*places, TOTAL) for state in (*STATES, TOTAL)]
    numbers = {cell: int(counted[cell]["dossiers"]) if cell in counted else 0 for cell in cells}
    hidden = withheld(numbers)
    return [
        Figure(
            departement=cell[0],
            state=cell[1],
            dossiers=None if cell in hidden else numbers[cell],
            median_days=None if cell in hidden else _days(counted.get(cell), 0),
            ninth_decile_days=None if cell in hidden else _days(counted.get(cell), 1),
        )
        for cell in cells
    ]


def plain(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """As JSON values."""
    return [asdict(figure) for figure in figures]


def _days(row: dict[str, Any] | None, quantile: int) -> int | None:
    """A quantile in whole days, when eleven decisions at least are on either side of it."""
    needed = (2 * LEAST, 10 * LEAST)[quantile]
    if row is None or row["decided"] < needed:
        return None
    days: float = row["quantiles"][quantile]
    return round(days)


def _begin(month: date) -> datetime:
    return datetime.combine(month, time(), LEGAL_TIME)
