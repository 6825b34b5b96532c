"""HDR histograms of durations: recorded, shipped as bytes, merged exactly, read as quantiles.

Durations are kept in whole microseconds with three significant digits (0.1 %), from 1 microsecond to 10 minutes;
Locust's own statistics keep about two digits, too coarse to compare with an objective.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from hdrh.histogram import HdrHistogram

_LONGEST_US = 600_000_000
_DIGITS = 3


@dataclass(frozen=True)
class Quantiles:
    """Quantiles of ``count`` durations, in seconds."""

    count: int
    mean: float
    p50: float
    p95: float
    p99: float
    longest: float


class Durations:
    """A growing collection of durations, encoded as a histogram when it is complete.

    Under load a duration is only noted (50 nanoseconds, 8 bytes); sorting it into its bucket takes thirty times as
    long and waits for the end.
    """

    __slots__ = ("_seconds",)

    def __init__(self) -> None:
        self._seconds = array("d")

    def record(self, seconds: float) -> None:
        """Add one duration in seconds."""
        self._seconds.append(seconds)

    def encode(self) -> str:
        """The histogram in the portable HDR V2 format, base64.

        What is shorter than 1 microsecond or longer than 10 minutes is clamped.
        """
        hdr = HdrHistogram(1, _LONGEST_US, _DIGITS)
        for seconds in self._seconds:
            hdr.record_value(min(max(round(seconds * 1e6), 1), _LONGEST_US))
        encoded: bytes = hdr.encode()
        return encoded.decode("ascii")


def merged(encoded: Iterable[str]) -> str:
    """The histogram that would have been recorded in one, had all these been: counts of buckets are added up."""
    whole: bytes = _sum(encoded).encode()
    return whole.decode("ascii")


def quantiles(encoded: Iterable[str]) -> Quantiles | None:
    """Quantiles over the exact merge of histograms that :meth:`Durations.encode` wrote; None when all are empty."""
    whole = _sum(encoded)
    count = int(whole.get_total_count())
    if count == 0:
        return None

    def at(percentile: float) -> float:
        return float(whole.get_value_at_percentile(percentile)) / 1e6

    return Quantiles(
        count=count,
        mean=_mean_us(whole, count) / 1e6,
        p50=at(50),
        p95=at(95),
        p99=at(99),
        longest=float(whole.get_max_value()) / 1e6,
    )


def _mean_us(whole: HdrHistogram, count: int) -> float:
    """What ``get_mean_value`` says, from the buckets in use alone: the library walks through all, 40 times as long."""
    total = 0
    for place in np.flatnonzero(np.ctypeslib.as_array(whole.counts)).tolist():
        value = whole.get_value_from_index(place)
        lowest, highest = whole.get_lowest_equivalent_value(value), whole.get_highest_equivalent_value(value)
        total += whole.get_count_at_index(place) * (lowest + (highest - lowest + 1) // 2)
    return total / count


def _sum(encoded: Iterable[str]) -> HdrHistogram:
    whole = HdrHistogram(1, _LONGEST_US, _DIGITS)
    for one in encoded:
        whole.decode_and_add(one)
    return whole
