"""Does it drift? The slope of something read many times over, how sure it is, and whether there is one at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

CONFIDENCE = 0.95
FEWEST_READINGS = 8
"""With fewer, Sen's interval spans nearly all slopes there are, and says nothing."""
_HOUR = 3600.0


@dataclass(frozen=True)
class Drift:
    """How something changes, as a share of what it was at the beginning, an hour.

    Attributes:
        per_hour: median of the slopes between all pairs of readings (Theil 1950, Sen 1968).
        low: lower end of its interval at :data:`CONFIDENCE` (Sen 1968).
        high: upper end.
        p_value: of Mann (1945) and Kendall's test against no trend, two-sided.
    """

    per_hour: float
    low: float
    high: float
    p_value: float


def drift(seconds: Sequence[float], readings: Sequence[float]) -> Drift | None:
    """The drift of ``readings`` taken at ``seconds``; None for too few of them or where they begin at nought.

    The beginning is the line's own value at the first reading, so that one odd reading does not set the scale.
    """
    if len(seconds) < FEWEST_READINGS:
        return None
    slope, intercept, low, high = stats.theilslopes(readings, seconds, alpha=CONFIDENCE)
    start = float(intercept + slope * seconds[0])
    if start <= 0:
        return None
    factor = _HOUR / start
    trend = stats.kendalltau(seconds, readings)
    # all readings alike: no order to test, and no trend
    p_value = 1.0 if trend.pvalue != trend.pvalue else float(trend.pvalue)
    return Drift(float(slope) * factor, float(low) * factor, float(high) * factor, p_value)
