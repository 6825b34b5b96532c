"""The life of an observation: until when it counts, and how much of that is left."""

from __future__ import annotations

from datetime import date, timedelta


def last_day(observed_on: date, max_age_days: int) -> date:
    """The last day on which an observation counts."""
    return observed_on + timedelta(days=max_age_days)


def life_left(observed_on: date, max_age_days: int, today: date) -> float:
    """The share of its life that an observation has left: 1 on its first day, next to 0 on its last, 0 after it."""
    left = (last_day(observed_on, max_age_days) - today).days + 1
    return round(min(max(left / (max_age_days + 1), 0.0), 1.0), 4)
