"""The table ``[demand]`` of ``portance.toml``: who comes, and when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from scorecard.project_section import Ratio, Seconds, Section

DemandProfile = Literal["steady", "deadline", "opening", "census"]


class Event(Section):
    """Something that brings many people at one moment: an opening, an announcement, a reminder sent to everybody."""

    name: str = Field(min_length=1, max_length=100, description="What happens, as people would say it.")
    at: datetime = Field(description="When, in the time of the country; only the hour counts without a calendar.")
    share: Ratio = Field(gt=0, le=1, description="Share of the participants who come because of it.")
    within: Seconds = Field(
        default=2778.0,
        gt=0,
        description="Mean time after which they come, most densely at first; by default that of Doctolib on "
        "12 July 2021: 926 000 bookings of an evening at 20 000 a minute, 46 min.",
    )


class Demand(Section):
    """From the population to an arrival rate; a number given here wins over the named profile."""

    profile: DemandProfile = Field(default="deadline", description="Named profile from measured public events.")
    participation: Ratio | None = Field(default=None, description="Share of the users who take part in the campaign.")
    peak_day_share: Ratio | None = Field(default=None, description="Share of the participants on the peak day.")
    peak_to_mean: float | None = Field(default=None, ge=1, description="Peak rate of that day over its mean rate.")
    retries: Ratio | None = Field(default=None, description="Extra journeys from impatient users, as a share.")
    agent_journeys_per_day: float | None = Field(
        default=None, ge=0, description="Journeys an agent makes on a working day."
    )
    peak_hour: float | None = Field(default=None, ge=0, lt=24, description="Hour of the day at which most people come.")
    opens: date | None = Field(default=None, description="First day of the campaign.")
    closes: date | None = Field(default=None, description="Last day of the campaign, taken as its busiest.")
    events: tuple[Event, ...] = Field(
        default=(), strict=False, description="Openings and announcements, on top of what comes by itself."
    )

    @model_validator(mode="after")
    def _calendar_is_sound(self) -> Self:
        if (self.opens is None) != (self.closes is None):
            raise ValueError("a calendar has opens and closes")
        if self.opens is not None and self.closes is not None:
            if self.closes < self.opens:
                raise ValueError("closes is before opens")
            outside = [e.name for e in self.events if not self.opens <= e.at.date() <= self.closes]
            if outside:
                raise ValueError(f"event {outside[0]!r} is not between opens and closes")
        if sum(event.share for event in self.events) > 1:
            raise ValueError("the events bring more people than take part: their shares add up to more than 100 %")
        return self
