"""Metrics that a service shows to whoever asks, searched for what people typed: a label is kept for months."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import httpx

from scorecard.journeys.exchange import Budget, Sent, build, client, deliver
from scorecard.personal_data import Kind, spellings

PATHS = ("/metrics", "/metrics/", "/prometheus", "/actuator/prometheus", "/api/metrics")
"""Where the exposition format is served by default: Prometheus clients, Spring Boot, and their usual variants."""

_SAMPLE = re.compile(r"^[a-zA-Z_:][\w:]*(\{[^}]*\})? [-+0-9.eE]+", re.MULTILINE)


def held_in_metrics(
    url: str, typed: Mapping[str, Kind], budget: Callable[[], Budget] = Budget
) -> tuple[set[tuple[Kind, str]], tuple[str, ...]]:
    """Kinds of ``typed`` values in the metrics shown at ``url`` with their place, and the paths that show metrics."""
    found: set[tuple[Kind, str]] = set()
    shown: list[str] = []
    allowed = budget()
    with client(url) as browser:
        for path in PATHS:
            try:
                reply, _ = deliver(browser, build(browser, Sent("GET", url + path)), allowed)
            except (httpx.InvalidURL, ValueError):
                continue
            if reply.status == 200 and _SAMPLE.search(reply.text):
                shown.append(path)
                found |= {
                    (kind, f"GET {path}")
                    for value, kind in typed.items()
                    if any(spelling in reply.text for spelling in spellings(value))
                }
    return found, tuple(shown)
