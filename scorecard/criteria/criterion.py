"""A criterion: what is asked, of which fact, against which threshold, why, and what mends it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from scorecard.evidence import Identifier, Strict, Text, Unit
from scorecard.project import KINDS, TIERS, Kind, Tier

DECLARATIONS = "declarations"
"""Name of the evidence that holds what was declared; nothing measured is read from it."""


class CatalogueError(Exception):
    """A file of the catalogue is wrong; the message is one line that names the file and the criterion."""


class Domain(StrEnum):
    """The ten domains of the scorecard, in the order of its page."""

    CAPACITY = "capacity"
    RESILIENCE = "resilience"
    SECURITY = "security"
    TRUST = "trust"
    INTEGRATION = "integration"
    OPERATIONS = "operations"
    EVOLVABILITY = "evolvability"
    USER_SERVICE = "user-service"
    REUSE = "reuse"
    CHANGE = "change"


class Reference(Strict):
    """A threshold taken from the project file: a dotted name there, times a factor, plus a constant."""

    of: Literal["project.users", "project.agents", "objectives.p95", "objectives.error_rate", "objectives.headroom"]
    times: float = Field(default=1.0, gt=0)
    plus: float = 0.0


Threshold = bool | int | float | str | Reference


def _in_both(words: object) -> object:
    return {"en": words, "fr": words} if isinstance(words, str) else words


def _is_said(source: Text) -> Text:
    if min(len(source.en.strip()), len(source.fr.strip())) < 3:
        raise ValueError("a source is named, in both languages")
    return source


Source = Annotated[Text, BeforeValidator(_in_both), AfterValidator(_is_said)]
"""Where a threshold comes from; a title that needs no translation is written once."""


class Bounds(Strict):
    """The thresholds of a criterion in one tier, where its source has others there; they replace both."""

    pass_: Threshold = Field(alias="pass")
    warn: Threshold | None = None


class Criterion(Strict):
    """One question with one answer.

    The fact's number (or the ``use`` end of its interval) passes when it is at least as good as ``pass``; it warns when
    it is at least as good as ``warn``; else it fails. A yes/no or a word passes when it equals ``pass``, and a word
    warns when it equals ``warn``. There is no default and no gap: whatever is neither observed, nor in ``unit``, nor
    fresh, nor backed by what it ``requires`` is unknown.

    ``evidence`` names the one evidence the fact is read from; the same fact elsewhere is no help and doubles it. A
    criterion that ``judges`` the measurement (was the generator fast enough?) cannot fail the service: short of its
    threshold it is unknown, and so is everything that requires it. With ``exclusive`` a number on the threshold is on
    its bad side ("under 0.4 s"). A declared criterion may name the measured one that it ``contradicts`` when the two
    disagree.

    What blocks and what passes may depend on the tier of the project: in a file ``blocking = ["national"]`` blocks in
    that tier only, and ``by_tier.experiment = { pass = 2 }`` is the threshold there. :meth:`in_tier` settles both; not
    settled, a criterion is as it is in its strictest tier.
    """

    id: Identifier
    domain: Domain = Field(strict=False)
    title: Text
    why: Text
    remedy: Text
    source: Source = Field(description="law, indicator, standard or practice, with its reference")
    basis: Literal["measured", "declared"]
    evidence: Identifier
    fact: Identifier
    unit: Unit = Field(strict=False)
    use: Literal["value", "low", "high"] = "value"
    better: Literal["higher", "lower", "equal"]
    pass_: Threshold = Field(alias="pass")
    warn: Threshold | None = None
    exclusive: bool = False
    judges: Literal["service", "measurement"] = "service"
    requires: tuple[Identifier, ...] = Field(default=(), strict=False, description="criteria that must pass first")
    contradicts: Identifier | None = None
    max_age_days: int = Field(gt=0)
    weight: float = Field(gt=0, le=10)
    blocking: bool
    blocks_in: tuple[Tier, ...] = Field(default=TIERS, min_length=1, strict=False, description="tiers it blocks in")
    by_tier: dict[Tier, Bounds] = Field(default_factory=dict)
    kinds: tuple[Kind, ...] = Field(default=KINDS, min_length=1, strict=False)
    effort: Literal["hours", "days", "weeks", "months"]

    @model_validator(mode="before")
    @classmethod
    def _blocking_names_tiers(cls, table: Any) -> Any:
        if not isinstance(table, dict) or not isinstance(table.get("blocking"), list):
            return table
        tiers = table["blocking"]
        if len(set(tiers)) != len(tiers):
            raise ValueError("blocking names a tier twice")
        return {**table, "blocking": True, "blocks_in": tuple(tiers)}

    @model_validator(mode="after")
    def _thresholds_are_sound(self) -> Self:
        words = self.unit in (Unit.YES_NO, Unit.TEXT)
        if words != (self.better == "equal"):
            raise ValueError("yes/no and words are judged by 'equal', numbers by 'higher' or 'lower'")
        self._check(self.pass_, self.warn)
        for bounds in self.by_tier.values():
            self._check(bounds.pass_, bounds.warn)
        if self.exclusive and self.better == "equal":
            raise ValueError("only the threshold of a number can be exclusive")
        if self.id in self.requires:
            raise ValueError("a criterion cannot require itself")
        return self

    def _check(self, pass_: Threshold, warn: Threshold | None) -> None:
        if self.better == "equal":
            expected = bool if self.unit is Unit.YES_NO else str
            if not isinstance(pass_, expected) or self.use != "value":
                raise ValueError("a yes/no or a word has a threshold of its own type")
            if warn is not None and (not isinstance(warn, str) or expected is bool or warn == pass_):
                raise ValueError("only a word may warn, on another word")
        elif isinstance(pass_, bool | str) or isinstance(warn, bool | str):
            raise ValueError("the threshold of a number is a number or a reference to the project file")
        elif isinstance(pass_, int | float) and isinstance(warn, int | float):
            wider = warn < pass_ if self.better == "higher" else warn > pass_
            if not wider:
                raise ValueError("warn must be easier to reach than pass")

    @model_validator(mode="after")
    def _basis_is_kept_apart(self) -> Self:
        declared = (self.basis == "declared", self.evidence == DECLARATIONS, self.fact.startswith("declared."))
        if len(set(declared)) != 1:
            raise ValueError("declared criteria, and only they, read facts declared.* from the evidence 'declarations'")
        if self.contradicts is not None and self.basis != "declared":
            raise ValueError("only a declaration contradicts a measurement")
        return self

    def in_tier(self, tier: Tier) -> Criterion:
        """The criterion as it is asked of a project of ``tier``: whether it blocks, and its thresholds."""
        bounds = self.by_tier.get(tier)
        blocking = self.blocking and tier in self.blocks_in
        if bounds is None and blocking == self.blocking:
            return self
        settled: dict[str, object] = {"blocking": blocking}
        if bounds is not None:
            settled |= {"pass_": bounds.pass_, "warn": bounds.warn}
        return self.model_copy(update=settled)
