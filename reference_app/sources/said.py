"""What a source said of a dossier: kept with it as it was said, whatever its author writes instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from reference_app.form import FormField
from reference_app.procedure import Filing
from reference_app.sources.described import Source, SourceName

Facts = Mapping[str, str | int]


class Outcome(StrEnum):
    """How asking ended."""

    FOUND = "found"
    UNKNOWN = "unknown"
    AWAY = "away"


class Said(BaseModel):
    """What one source said, about what, and when. The facts are empty unless something was found."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome = Field(description="`unknown`: the source knows nothing of it; `away`: it did not answer.")
    key: str | None = Field(description="What it was asked about; null for the person who is signed in.")
    at: datetime = Field(description="When it was said.")
    facts: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the answer of a field comes from: ``value`` is what the source says, ``same`` whether it is the answer."""

    source: SourceName
    at: datetime
    value: str | int
    same: bool


def said_of(known: Mapping[str, Any], source: SourceName) -> Said | None:
    """What ``source`` said, from the column ``known`` of a dossier."""
    return Said.model_validate(known[source]) if source in known else None


def current(source: Source, answers: Mapping[str, Any], known: Mapping[str, Any]) -> Said | None:
    """What ``source`` said about what the answers name now; None for what it said of another business."""
    said = said_of(known, source.name)
    asked = None if source.key is None else answers.get(source.key)
    return said if said is not None and said.key == asked else None


def taken_from(filing: Filing, source: SourceName) -> list[tuple[FormField, str]]:
    """The fields that ``source`` fills in, each with the fact it takes."""
    origins = ((field, field.origin.partition(".")) for field in filing.fields if field.origin is not None)
    return [(field, fact) for field, (name, _, fact) in origins if name == source]


def origin(filing: Filing, field: FormField, answers: Mapping[str, Any], known: Mapping[str, Any]) -> Origin | None:
    """Where the answer of ``field`` comes from; None when no source has said anything of it."""
    for source in filing.sources:
        said = current(source, answers, known)
        for taken, fact in taken_from(filing, source.name):
            if said is not None and taken.name == field.name and fact in said.facts:
                value = said.facts[fact]
                return Origin(source.name, said.at, value, same=answers.get(field.name) == value)
    return None


def filled(
    filing: Filing, source: Source, answers: Mapping[str, Any], before: Said | None, now: Said
) -> dict[str, Any]:
    """The answers with what ``now`` says put in.

    What a person typed stays. What the source itself had put in ``before`` is replaced; it goes where the source now
    says nothing: the name of one business does not stay with the number of another.
    """
    changed = dict(answers)
    for field, fact in taken_from(filing, source.name):
        was_filled = before is not None and field.name in changed and changed[field.name] == before.facts.get(fact)
        if field.name in changed and not was_filled:
            continue
        changed.pop(field.name, None)
        if fact in now.facts:
            changed[field.name] = now.facts[fact]
    return changed
