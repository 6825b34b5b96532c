"""The shape of the peak day: only its mean and its peak are known, the curve beside the peak is an assumption."""

from __future__ import annotations

_FIRST_WORKING_HOUR = 9
_WAKING = (
    *(0.3, 0.2, 0.1, 0.1, 0.1, 0.2, 0.4, 0.8, 1.2, 1.5, 1.7, 1.6),
    *(1.2, 1.3, 1.6, 1.6, 1.5, 1.4, 1.3, 1.2, 1.2, 1.1, 0.8, 0.5),
)
"""Assumption: what does not come with the peak comes as people are awake, most in working hours, little at night."""
_MOST_IN_THE_PEAK = 0.5
"""Assumption: share of the day's journeys that come with the peak at most. The measured events whose peak is given by
the hour have less (41 % at the UK register to vote); a higher peak then lasts less than an hour."""


def citizen_day(peak: float, peak_to_mean: float, peak_hour: float) -> tuple[float, ...]:
    """Journeys a second at each of the 24 hours: ``peak`` in the peak hour, what is left of the day in the others.

    The measured events give how much of the day came in the peak hour, k / 24 for a peak of k times the mean, and
    nothing else. The rest follows the hours at which people are awake, flattened where one of them would pass the
    peak. With :func:`peak_minutes` of the peak, peak and mean of the day are those of the model.
    """
    at = int(peak_hour) % 24
    others = [hour for hour in range(24) if hour != at]
    mean = peak / peak_to_mean
    level = (24 * mean - peak * peak_minutes(peak_to_mean) / 60) / len(others)
    usual = sum(_WAKING[hour] for hour in others) / len(others)
    weights = {hour: _WAKING[hour] / usual for hour in others}
    steepest = max(weights.values()) - 1
    contrast = min(1.0, max(0.0, (peak / level - 1) / steepest)) if level > 0 else 1.0
    rates = {hour: level * (1 + contrast * (weight - 1)) for hour, weight in weights.items()} | {at: peak}
    return tuple(rates[hour] for hour in range(24))


def peak_minutes(peak_to_mean: float) -> float:
    """How long the peak is taken to last: an hour, or less where an hour of it would hold too much of the day."""
    return 60 * min(1.0, _MOST_IN_THE_PEAK * 24 / peak_to_mean)


def agent_day(peak: float, peak_to_mean: float, hours: int) -> tuple[float, ...]:
    """Journeys a second of agents at each of the 24 hours: even over the working day but for its second hour.

    That one has the peak, so the others have what is left of the mean.
    """
    mean = peak / peak_to_mean
    rest = max(0.0, (mean * hours - peak) / (hours - 1))
    working = {_FIRST_WORKING_HOUR + hour: rest for hour in range(hours)} | {_FIRST_WORKING_HOUR + 1: peak}
    return tuple(working.get(hour, 0.0) for hour in range(24))
