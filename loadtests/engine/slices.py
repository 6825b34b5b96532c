"""The window of a step in slices of time: how it went from second to second, where the rate changes on the way."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from loadtests.histogram import Durations


class Slices:
    """Counts by slice of ``slice_s`` seconds of the intended start, from ``opens`` on; none when ``slice_s`` is 0."""

    def __init__(self, opens: float, slice_s: float) -> None:
        self._opens = opens
        self._slice_s = slice_s
        self._counts: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._latency: defaultdict[int, Durations] = defaultdict(Durations)

    def count(self, intended: float, latency: float, *, failed: bool, deferred: bool) -> None:
        """Add a request to the target; ``deferred`` when it was asked to come back later."""
        if self._slice_s <= 0:
            return
        number = int((intended - self._opens) / self._slice_s)
        counts = self._counts[number]
        counts["requests"] += 1
        counts["errors"] += failed
        counts["deferred"] += failed and deferred
        self._latency[number].record(latency)

    def report(self) -> list[dict[str, Any]]:
        """One object a slice that has requests, in order; ``at`` is its beginning in seconds from the opening."""
        return [
            {
                "at": number * self._slice_s,
                "requests": counts["requests"],
                "errors": counts["errors"],
                "deferred": counts["deferred"],
                "latency": self._latency[number].encode(),
            }
            for number, counts in sorted(self._counts.items())
        ]
