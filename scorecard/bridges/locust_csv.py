"""The statistics that Locust writes with ``--csv``: the file ``*_stats.csv``."""

from __future__ import annotations

import csv
import io

from scorecard.bridges.foreign import BridgeError, Foreign, Reading, missing, number, without_samples
from scorecard.evidence import Text, Unit

TOTAL = "Aggregated"
PERCENTILES = (("p50", "50%"), ("p95", "95%"), ("p99", "99%"))


def read(content: bytes) -> Foreign:
    """Requests, rate, error rate and latencies of the line "Aggregated"; milliseconds become seconds.

    Locust rounds response times before it counts them (two significant digits from 100 ms on), so every percentile has
    the interval that it may have been rounded from: 800 ms stands for anything from 795 to 805 ms.

    Raises:
        BridgeError: not such a file.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BridgeError(Text(en=f"not a CSV file: {error}", fr=f"pas un fichier CSV : {error}")) from error
    row = next((r for r in rows if r.get("Name") == TOTAL), None)
    if row is None or "Request Count" not in row:
        raise BridgeError(
            Text(
                en=f"no statistics of Locust: no line {TOTAL!r} with a column 'Request Count'",
                fr=f"pas des statistiques Locust : aucune ligne {TOTAL!r} avec une colonne 'Request Count'",
            )
        )
    total, failed = _number(row, "Request Count"), _number(row, "Failure Count")
    readings = [
        number("requests", Unit.COUNT, total, "Request Count"),
        number("rate", Unit.REQUESTS_PER_SECOND, _number(row, "Requests/s"), "Requests/s"),
        missing("error_rate", Unit.RATIO, "Failure Count")
        if failed is None or not total
        else Reading("error_rate", Unit.RATIO, failed / total),
        *(_percentile(row, name, column) for name, column in PERCENTILES),
        number("max", Unit.SECOND, _number(row, "Max Response Time"), "Max Response Time", times=0.001),
    ]
    return Foreign(tool="Locust", readings=without_samples(readings, total))


def _percentile(row: dict[str, str], name: str, column: str) -> Reading:
    value = _number(row, column)
    if value is None:
        return missing(name, Unit.SECOND, column)
    half = 0.5 if value < 100 else 5 if value < 1_000 else 50 if value < 10_000 else 500
    return Reading(
        name,
        Unit.SECOND,
        round(value / 1000, 9),
        low=round(max(0.0, value - half) / 1000, 9),
        high=round((value + half) / 1000, 9),
    )


def _number(row: dict[str, str], column: str) -> int | float | None:
    text = row.get(column)
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    if value is None or value != value or abs(value) == float("inf"):
        return None
    return int(value) if value.is_integer() else value
