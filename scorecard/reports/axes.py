"""Scales of a plot: from a value to a place on the drawing, and the round values to mark along the way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Scale:
    """Maps values from ``low`` to ``high`` onto pixels from ``start`` to ``end``; values outside stop at the edge."""

    low: float
    high: float
    start: float
    end: float
    kind: Literal["linear", "log"] = "linear"

    def __call__(self, value: float) -> float:
        """Place of ``value`` in pixels, rounded so that the same scorecard draws the same bytes."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.kind == "log":
            low, high, at = math.log(low), math.log(high), math.log(at)
        return round(self.start + (self.end - self.start) * (at - low) / (high - low), 1)

    def ticks(self, about: int) -> tuple[float, ...]:
        """Some ``about`` round values within the scale: 1, 2 or 5 times a power of ten."""
        return _log_ticks(self.low, self.high, about) if self.kind == "log" else _ticks(self.low, self.high, about)


def from_zero(highest: float, start: float, end: float) -> Scale:
    """A linear scale from 0 with some room above ``highest``."""
    return Scale(0.0, highest * 1.08 if highest > 0 else 1.0, start, end)


def around(lowest: float, highest: float, start: float, end: float) -> Scale:
    """A logarithmic scale with some room on both sides of positive values."""
    return Scale(lowest / 1.35, highest * 1.35, start, end, "log")


def _ticks(low: float, high: float, about: int) -> tuple[float, ...]:
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(float(f"{step * i:.10g}") for i in range(first, last + 1))


def _log_ticks(low: float, high: float, about: int) -> tuple[float, ...]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        values = tuple(float(f"{f * 10.0**d:.10g}") for d in decades for f in factors)
        inside = tuple(v for v in values if low <= v <= high)
        if len(inside) <= about:
            return inside
    return inside[:: -(-len(inside) // about)]
