"""The named demand profiles of ``profiles.toml``: numbers with their sources."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from scorecard.evidence import Text
from scorecard.project import DemandProfile


class Sourced(BaseModel):
    """A number and where it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    value: float
    source: str


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
