"""The end-of-test summary of k6: what ``handleSummary`` gets, or ``--summary-export`` wrote."""

from __future__ import annotations

from typing import Any

from scorecard.bridges.documents import json_object, mapping
from scorecard.bridges.foreign import BridgeError, Foreign, Reading, missing, number, without_samples
from scorecard.evidence import Text, Unit


def read(content: bytes) -> Foreign:
    """Requests, rate, error rate, latencies, checks and thresholds of a k6 summary.

    k6 writes times in milliseconds; they become seconds. The two forms differ in whether a metric's values stand under
    ``values``. The older form says of a threshold only whether it failed last, under a name that reads as the contrary
    (``"p(95)<500": false`` is a success), so thresholds are read from the newer form alone.

    Raises:
        BridgeError: not such a file.
    """
    document = json_object(content)
    metrics = mapping(document.get("metrics"))
    if "http_reqs" not in metrics:
        raise BridgeError(
            Text(en="no k6 summary: metrics.http_reqs is missing", fr="pas un résumé k6 : metrics.http_reqs manque")
        )
    times, failed, total = (_values(metrics, name) for name in ("http_req_duration", "http_req_failed", "http_reqs"))
    checks = _values(metrics, "checks")
    duration = mapping(document.get("state")).get("testRunDurationMs")
    requests = number("requests", Unit.COUNT, total.get("count"), "http_reqs.count")
    readings = [
        requests,
        number("rate", Unit.REQUESTS_PER_SECOND, total.get("rate"), "http_reqs.rate"),
        number("error_rate", Unit.RATIO, failed.get("rate", failed.get("value")), "http_req_failed"),
        *(
            number(name, Unit.SECOND, times.get(key), f"http_req_duration.{key}", times=0.001)
            for name, key in (("p50", "med"), ("p95", "p(95)"), ("p99", "p(99)"), ("max", "max"))
        ),
        number("checks_rate", Unit.RATIO, checks.get("rate", checks.get("value")), "checks"),
        _thresholds_failed(metrics),
    ]
    count = requests.value if isinstance(requests.value, int | float) else None
    return Foreign(
        tool="k6",
        readings=without_samples(readings, count),
        duration_s=duration / 1000 if isinstance(duration, int | float) and not isinstance(duration, bool) else 0.0,
    )


def _values(metrics: dict[str, Any], name: str) -> dict[str, Any]:
    metric = mapping(metrics.get(name))
    return mapping(metric["values"]) if "values" in metric else metric


def _thresholds_failed(metrics: dict[str, Any]) -> Reading:
    found = [
        outcome["ok"]
        for metric in metrics.values()
        for outcome in mapping(mapping(metric).get("thresholds")).values()
        if isinstance(outcome, dict) and isinstance(outcome.get("ok"), bool)
    ]
    if not found:
        return missing("thresholds_failed", Unit.COUNT, "thresholds.*.ok")
    return Reading("thresholds_failed", Unit.COUNT, sum(not ok for ok in found))
