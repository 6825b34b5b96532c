"""What the file of a procedure says of its sources: whom to ask, by what, and what a fact is worth telling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from reference_app.errors import N_
from reference_app.written import Sentence, Strict, Words

SourceName = Literal["business_register", "family_allowances"]
"""Register of businesses, asked by SIRET; family allowances, asked with what the identity provider lets us."""

SOURCES: tuple[SourceName, ...] = get_args(SourceName)

LABELS: Mapping[SourceName, str] = {
    "business_register": N_("Business register"),
    "family_allowances": N_("Family allowance fund"),
}

FACTS: Mapping[SourceName, Mapping[str, str]] = {
    "business_register": {
        "name": N_("Name"),
        "address": N_("Address"),
        "activity": N_("Main activity"),
        "state": N_("State of the establishment"),
    },
    "family_allowances": {
        "quotient": N_("Family quotient"),
        "children": N_("Children"),
    },
}
"""The facts of each source, with their captions."""

VALUES: Mapping[str, str] = {"open": N_("open"), "closed": N_("closed")}
"""Facts that are one of a few words."""

PERSONAL: frozenset[SourceName] = frozenset({"family_allowances"})
"""Sources that are about the person who asks: kept for them alone, and for less long."""


class Caution(Strict):
    """A sentence for a person and for the agents when a fact is one of some words; it refuses nothing."""

    fact: Words
    one_of: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    says: Sentence


class Source(Strict):
    """One source: ``key`` is the field it is asked by, none when it is asked for the person who is signed in."""

    name: SourceName
    key: Words | None = None
    button: Sentence
    shows: Annotated[tuple[str, ...], Field(strict=False)] = ()
    warns: Annotated[tuple[Caution, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.key is None) != (self.name in PERSONAL):
            raise ValueError("a source about the person has no key, and every other has one")
        if unknown := {*self.shows, *(one.fact for one in self.warns)} - set(FACTS[self.name]):
            raise ValueError(f"{self.name} holds no fact {min(unknown)!r}")
        return self
