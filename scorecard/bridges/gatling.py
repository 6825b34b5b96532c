"""The global statistics of Gatling: ``js/global_stats.json`` of its report, or ``js/stats.json``."""

from __future__ import annotations

from typing import Any

from scorecard.bridges.documents import json_object, mapping
from scorecard.bridges.foreign import BridgeError, Foreign, Reading, missing, number, without_samples
from scorecard.evidence import Text, Unit

PERCENTILES = (("p50", "percentiles1"), ("p75", "percentiles2"), ("p95", "percentiles3"), ("p99", "percentiles4"))
"""Names of the percentiles as Gatling is delivered; the file does not repeat those of a changed ``gatling.conf``."""


def read(content: bytes) -> Foreign:
    """Requests, rate, error rate and latencies of a whole Gatling simulation; milliseconds become seconds.

    Raises:
        BridgeError: not such a file.
    """
    document = json_object(content)
    stats = mapping(document["stats"]) if "stats" in document else document
    counts = mapping(stats.get("numberOfRequests"))
    if "total" not in counts:
        raise BridgeError(
            Text(
                en="no Gatling statistics: numberOfRequests.total is missing",
                fr="pas des statistiques Gatling : numberOfRequests.total manque",
            )
        )
    total, failed = _number(counts["total"]), _number(counts.get("ko"))
    readings = [
        number("requests", Unit.COUNT, total, "numberOfRequests.total"),
        number(
            "rate",
            Unit.REQUESTS_PER_SECOND,
            _total(stats, "meanNumberOfRequestsPerSecond"),
            "meanNumberOfRequestsPerSecond.total",
        ),
        _error_rate(total, failed),
        *(number(name, Unit.SECOND, _total(stats, key), f"{key}.total", times=0.001) for name, key in PERCENTILES),
        number("max", Unit.SECOND, _total(stats, "maxResponseTime"), "maxResponseTime.total", times=0.001),
    ]
    return Foreign(tool="Gatling", readings=without_samples(readings, total))


def _total(stats: dict[str, Any], key: str) -> int | float | None:
    return _number(mapping(stats.get(key)).get("total"))


def _number(value: object) -> int | float | None:
    """A figure of Gatling: a number, or its text with thousands separated by commas; "-" is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str):
        return None
    plain = value.strip().replace(",", "")
    try:
        return int(plain) if plain.isdigit() else float(plain)
    except ValueError:
        return None


def _error_rate(total: int | float | None, failed: int | float | None) -> Reading:
    if failed is None or not total:
        return missing("error_rate", Unit.RATIO, "numberOfRequests.ko")
    return Reading("error_rate", Unit.RATIO, failed / total)
