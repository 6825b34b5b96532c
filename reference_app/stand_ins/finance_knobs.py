"""How badly the old finance system behaves: everything that makes such systems hard to work with, set while it runs."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

LEGAL_TIME = ZoneInfo("Europe/Paris")
Fault = Literal["error", "garbage", "bomb", "cut"]


class Knobs(BaseModel):
    """What it does to requests; the default is an old system on a good day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_s: Annotated[float, Field(ge=0, le=60, description="What each answer takes.")] = 0.0
    at_once: Annotated[int, Field(ge=1, description="Requests it works on at once; more are refused with 429.")] = 4
    a_minute: Annotated[int | None, Field(ge=1, description="Requests it takes in a minute.")] = None
    closed: Annotated[bool, Field(description="Closed, whatever the hour.")] = False
    opens: Annotated[time | None, Field(description="Opens at this legal time; needs `closes`.")] = None
    closes: time | None = None
    fault: Annotated[
        Fault | None,
        Field(description="500; no XML; XML that expands without end; or taken into the books and then cut off."),
    ] = None
    faults: Annotated[int | None, Field(ge=0, description="How many requests the fault meets; null is all.")] = None
    recognises: Annotated[bool, Field(description="A reference that came before is not entered again.")] = True

    def open_at(self, now: datetime) -> bool:
        """Whether it takes requests at ``now``."""
        if self.closed:
            return False
        if self.opens is None or self.closes is None:
            return True
        return self.opens <= now.astimezone(LEGAL_TIME).time() < self.closes
