"""The shape of the peak day: only its mean and its peak are known, the curve between them is an assumption."""

from __future__ import annotations

import math

import numpy as np

_FIRST_WORKING_HOUR = 9
_WIDEST = 300.0


def citizen_day(peak: float, peak_to_mean: float, peak_hour: float) -> tuple[float, ...]:
    """Journeys a second at each of the 24 hours: ``peak`` at ``peak_hour``, ``peak / peak_to_mean`` on average.

    A von Mises curve, the bell curve of things that come back every day: rate(h) = peak * exp(b * (cos t - 1)), with
    t the angle between the hour and the peak, and b such that the day's mean is right.
    """
    sharpness = _sharpness(peak_to_mean)
    return tuple(
        peak * math.exp(sharpness * (math.cos(2 * math.pi * (hour - peak_hour) / 24) - 1)) for hour in range(24)
    )


def agent_day(peak: float, peak_to_mean: float, hours: int) -> tuple[float, ...]:
    """Journeys a second of agents at each of the 24 hours: even over the working day but for its second hour.

    That one has the peak, so the others have what is left of the mean.
    """
    mean = peak / peak_to_mean
    rest = max(0.0, (mean * hours - peak) / (hours - 1))
    working = {_FIRST_WORKING_HOUR + hour: rest for hour in range(hours)} | {_FIRST_WORKING_HOUR + 1: peak}
    return tuple(working.get(hour, 0.0) for hour in range(24))


def _sharpness(peak_to_mean: float) -> float:
    """The b for which exp(b) / I0(b), the curve's peak over its mean, is ``peak_to_mean`` (I0: modified Bessel)."""
    if peak_to_mean <= 1:
        return 0.0
    if peak_to_mean > math.sqrt(2 * math.pi * _WIDEST):
        return peak_to_mean**2 / (2 * math.pi)  # the limit for a narrow peak, where I0 overflows
    low, high = 0.0, _WIDEST + 1
    for _ in range(60):
        middle = (low + high) / 2
        if math.exp(middle) / float(np.i0(middle)) < peak_to_mean:
            low = middle
        else:
            high = middle
    return (low + high) / 2
