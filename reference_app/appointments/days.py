"""Days as people count them: from midnight to midnight, legal time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from reference_app.dossiers.receipt import LEGAL_TIME

YEARS = range(2000, 2100)
"""Of a day one may ask for: at the ends of the calendar there is no day after, and no other time zone."""


def _near(value: date) -> date:
    if value.year not in YEARS:
        raise PydanticCustomError("date_from_datetime_parsing", "no day of this century")
    return value


Day = Annotated[date, AfterValidator(_near)]


def day_of(at: datetime) -> date:
    """The day on which ``at`` (with a time zone) falls."""
    return at.astimezone(LEGAL_TIME).date()


def bounds(day: date) -> tuple[datetime, datetime]:
    """The first instant of ``day`` and that of the next; 23 or 25 hours apart when the clocks change."""
    first, following = (datetime.combine(d, time(), LEGAL_TIME) for d in (day, day + timedelta(days=1)))
    return first.astimezone(UTC), following.astimezone(UTC)


def starts(day: date, begin: time, end: time, minutes: int) -> list[datetime]:
    """When slots of ``minutes`` begin between ``begin`` and ``end`` of ``day``; the last one ends by ``end``."""
    at, last = (datetime.combine(day, t, LEGAL_TIME).astimezone(UTC) for t in (begin, end))
    length = timedelta(minutes=minutes)
    return [at + n * length for n in range(max(0, (last - at) // length))]
