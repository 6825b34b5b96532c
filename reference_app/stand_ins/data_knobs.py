"""How badly the State's data services behave: what a caller has to bear with, set while they run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Fault = Literal["502", "504", "401", "garbage"]


class Knobs(BaseModel):
    """What they do to requests; the default is a good day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency_s: Annotated[float, Field(ge=0, le=60, description="What each answer takes; after 10 s it is a 504.")] = 0.0
    fault: Annotated[Fault | None, Field(description="What requests meet: an error, or a body that is no JSON.")] = None
    fault_share: Annotated[float, Field(ge=0, le=1, description="Share of the requests that meet it.")] = 1.0
    closed: Annotated[bool, Field(description="The provider behind is closed: 502 to all, and so says /api/pings.")] = (
        False
    )
    a_minute: Annotated[int, Field(ge=1, description="Requests that a token may send in a minute.")] = 250
    minute_s: Annotated[float, Field(gt=0, le=60, description="How long that minute lasts, for tests.")] = 60.0
    patience: Annotated[int, Field(ge=1, description="Answers 429 that a caller may ignore before it is shut out.")] = 5
    in_flight: Annotated[bool, Field(description="Whether the same question at the same time is refused with 409.")] = (
        True
    )
