"""Arrivals over the campaign: what comes by itself each day, and what openings and announcements bring on top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from loadtests.demand_day import citizen_day
from scorecard.project_demand import Event

_SECONDS_A_DAY = 86_400
_WEEKEND = 0.5
"""Assumption: a day of a weekend brings half of what a working day brings."""


@dataclass(frozen=True)
class Day:
    """A day: its journeys, its busiest moment in journeys a second, and the highest rate in each of its 24 hours.

    ``by_events`` says that an opening or an announcement brings most of that moment.
    """

    on: date
    journeys: float
    peak: float
    busiest: datetime
    by_events: bool
    hours: tuple[float, ...]


@dataclass(frozen=True)
class Habits:
    """How people come by themselves: share of all on the busiest day, peak over mean of a day, hour of the peak."""

    peak_day_share: float
    peak_to_mean: float
    peak_hour: float


def peak_day(people: float, habits: Habits, events: Sequence[Event]) -> Day:
    """The busiest day of a campaign without a calendar, with all its events on it; arguments as :func:`campaign`."""
    on = date(1970, 1, 1)
    there = [event.model_copy(update={"at": datetime.combine(on, event.at.time())}) for event in events]
    alone = people * (1 - sum(event.share for event in events))
    return _day(on, alone * habits.peak_day_share, people, habits, there)


def campaign(people: float, habits: Habits, events: Sequence[Event], opens: date, closes: date) -> tuple[Day, ...]:
    """Every day from ``opens`` to ``closes``, the last of which is the busiest of those without an event.

    Args:
        people: journeys of the whole campaign, retries included.
        habits: how they come by themselves.
        events: what brings people at one moment; ``share`` of ``people`` each, at a rate that falls exponentially with
            the mean time ``within``. The rest comes by itself.
        opens: first day.
        closes: last day.
    """
    alone = people * (1 - sum(event.share for event in events))
    days = [opens + timedelta(days=n) for n in range((closes - opens).days + 1)]
    shares = _day_shares(days, habits.peak_day_share)
    return tuple(_day(on, alone * share, people, habits, events) for on, share in zip(days, shares, strict=True))


def _day_shares(days: Sequence[date], last: float) -> list[float]:
    """Share of each day among what comes by itself; a campaign of one day has it all."""
    if len(days) == 1:
        return [1.0]
    weights = [_WEEKEND if day.weekday() >= 5 else 1.0 for day in days[:-1]]
    rest = (1 - last) / sum(weights)
    return [weight * rest for weight in weights] + [last]


def _day(on: date, alone: float, people: float, habits: Habits, events: Sequence[Event]) -> Day:
    mean = alone / _SECONDS_A_DAY
    usual = citizen_day(mean * habits.peak_to_mean, habits.peak_to_mean, habits.peak_hour)
    start = datetime.combine(on, time())
    moments = [start + timedelta(hours=hour) for hour in range(24)]
    moments += [event.at.replace(tzinfo=None) for event in events if event.at.date() == on]
    rates = [(at, usual[at.hour] + brought(people, events, at)) for at in sorted(moments)]
    hours = tuple(max(rate for at, rate in rates if at.hour == hour) for hour in range(24))
    end = start + timedelta(days=1)
    came = sum(people * event.share * (_come(event, end) - _come(event, start)) for event in events)
    busiest, peak = max(rates, key=lambda found: found[1])
    return Day(
        on=on,
        journeys=alone + came,
        peak=peak,
        busiest=busiest,
        by_events=brought(people, events, busiest) > peak / 2,
        hours=hours,
    )


def brought(people: float, events: Sequence[Event], at: datetime) -> float:
    """Journeys a second that ``events`` bring at a moment."""
    total = 0.0
    for event in events:
        since = (at - event.at.replace(tzinfo=None)).total_seconds()
        if since >= 0:
            total += people * event.share / event.within * math.exp(-since / event.within)
    return total


def _come(event: Event, at: datetime) -> float:
    """Share of those an event brings who have come by a moment."""
    since = (at - event.at.replace(tzinfo=None)).total_seconds()
    return 0.0 if since <= 0 else -math.expm1(-since / event.within)
