"""The named demand profiles of ``profiles.toml``: numbers with their sources."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, TypeAdapter, model_validator

from scorecard.evidence import Text
from scorecard.project_demand import DemandProfile


class Sourced(BaseModel):
    """A number, where it comes from, and the range to reckon with, which is a judgement.

    Without a range the number is taken as it is, as one that the project file gives.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    value: float
    source: str
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _inside_its_range(self) -> Self:
        if (
            not (self.value if self.low is None else self.low)
            <= self.value
            <= (self.value if self.high is None else self.high)
        ):
            raise ValueError(f"{self.value:g} is outside {self.low} to {self.high}")
        return self


class Profile(BaseModel):
    """How the citizens of one kind of campaign come."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: Text
    participation: Sourced
    peak_day_share: Sourced
    peak_to_mean: Sourced
    retries: Sourced
    peak_hour: Sourced


class AgentHabits(BaseModel):
    """How agents work through a day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    journeys_per_day: Sourced
    peak_to_mean: Sourced
    working_hours: Sourced


def profile(name: DemandProfile) -> Profile:
    """The profile of that name."""
    return TypeAdapter(Profile).validate_python(_document()[name])


def agent_habits() -> AgentHabits:
    """The habits of agents, the same in every profile."""
    return TypeAdapter(AgentHabits).validate_python(_document()["agents"])


@cache
def _document() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("loadtests").joinpath("profiles.toml").read_text(encoding="utf-8"))
