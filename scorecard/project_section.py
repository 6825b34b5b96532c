"""What the tables of ``portance.toml`` share: strictness, and numbers written with their unit."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _seconds(value: object) -> object:
    return _quantity(value, {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}, 'a duration such as "400 ms" or "2 h"')


def _ratio(value: object) -> object:
    return _quantity(value, {"%": 0.01}, 'a percentage such as "0.1 %"')


def _quantity(value: object, factors: dict[str, float], expected: str) -> object:
    if not isinstance(value, str):
        raise ValueError(f"expected {expected}, with its unit, in quotes")
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(\S+)\s*", value)
    if match is None or match[2] not in factors:
        raise ValueError(f"expected {expected}, got {value!r}")
    return float(match[1]) * factors[match[2]]


_DurationText = Annotated[str, Field(pattern=r"^\s*\d+(\.\d+)?\s*(ms|s|min|h)\s*$")]
_PercentText = Annotated[str, Field(pattern=r"^\s*\d+(\.\d+)?\s*%\s*$")]
Seconds = Annotated[float, BeforeValidator(_seconds, json_schema_input_type=_DurationText)]
Ratio = Annotated[float, BeforeValidator(_ratio, json_schema_input_type=_PercentText)]


class Section(BaseModel):
    """A table of the file: unknown keys and numbers given as words are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
