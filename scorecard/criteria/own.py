"""What a ministry adds to the shipped catalogue: criteria of its own, and shipped ones made stricter; never less."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field, ValidationError

from scorecard.criteria.criterion import Bounds, CatalogueError, Criterion, Source, Threshold
from scorecard.criteria.strictness import loosened
from scorecard.evidence import Identifier, Strict, Text
from scorecard.project import TIERS, Kind, Tier


class Stricter(Strict):
    """What is asked more of a shipped criterion, and on whose word; what is left out stays as it is.

    ``requires`` is added to what the criterion requires already; ``tolerate = false`` takes its warn zone away.
    """

    id: Identifier
    source: Source = Field(description="who asks for more, with the reference")
    why: Text | None = None
    pass_: Threshold | None = Field(default=None, alias="pass")
    warn: Threshold | None = None
    tolerate: Literal[False] | None = None
    exclusive: Literal[True] | None = None
    blocking: bool | list[Tier] | None = None
    by_tier: dict[Tier, Bounds] = Field(default_factory=dict)
    max_age_days: int | None = Field(default=None, gt=0)
    kinds: tuple[Kind, ...] | None = Field(default=None, min_length=1, strict=False)
    requires: tuple[Identifier, ...] = Field(default=(), strict=False)


def tightened(criteria: Iterable[Criterion], asked: Iterable[tuple[str, Stricter]]) -> list[Criterion]:
    """``criteria`` with each change of ``asked`` (file name and change) made.

    Raises:
        CatalogueError: one line; a change names no criterion, or asks less than the criterion did.
    """
    known = {c.id: c for c in criteria}
    for file, change in asked:
        before = known.get(change.id)
        if before is None:
            raise CatalogueError(f"{file}: {change.id}: [[stricter]] names no criterion of the catalogue")
        after = _changed(before, change, file)
        less = loosened(before, after)
        if less is not None:
            raise CatalogueError(f"{file}: {change.id}: {less}; own criteria may ask more, never less")
        known[change.id] = after
    return list(known.values())


def _changed(before: Criterion, change: Stricter, file: str) -> Criterion:
    try:
        return Criterion.model_validate({**before.model_dump(by_alias=True), **_fields(before, change)})
    except ValidationError as error:
        problem = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise CatalogueError(f"{file}: {change.id}: {problem}") from error


def _fields(before: Criterion, change: Stricter) -> Mapping[str, object]:
    simple = {
        "why": change.why,
        "pass": change.pass_,
        "warn": change.warn,
        "exclusive": change.exclusive,
        "max_age_days": change.max_age_days,
        "kinds": change.kinds,
    }
    fields: dict[str, object] = {name: value for name, value in simple.items() if value is not None}
    if change.tolerate is False:
        fields["warn"] = None
    if change.blocking is not None:
        fields |= _blocking(before, change.blocking)
    fields["by_tier"] = before.by_tier | change.by_tier
    fields["requires"] = tuple(dict.fromkeys((*before.requires, *change.requires)))
    one, other = before.source, change.source
    fields["source"] = {"en": f"{one.en}; {other.en}", "fr": f"{one.fr}\u202f; {other.fr}"}
    return fields


def _blocking(before: Criterion, asked: bool | list[Tier]) -> Mapping[str, object]:
    """``true`` blocks everywhere and ``false`` nowhere; a list names the tiers, whatever the criterion did before."""
    if isinstance(asked, bool):
        return {"blocking": asked, "blocks_in": TIERS if asked else before.blocks_in}
    return {"blocking": asked}
