"""The Scorecard: what grading returns and every report shows; one object, so that no two outputs can disagree."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal, assert_never

from scorecard.criteria import Criterion, Domain
from scorecard.evidence import Evidence, Fact, Strict, Text, Unit
from scorecard.project import FILE_NAME, Tier

SCHEMA: Literal["portance/scorecard/1"] = "portance/scorecard/1"

Letter = Literal["A", "B", "C", "D", "E", "F"]


class Verdict(StrEnum):
    """What a criterion comes to. Unknown is never a pass; waived is a failure accepted for a time."""

    PASS = "pass"  # noqa: S105 (a verdict, not a password)
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"


class Decision(StrEnum):
    """What the one who signs is advised to do."""

    GO = "go"
    CONDITIONAL = "conditional"
    NO_GO = "no_go"
    UNDETERMINED = "undetermined"

    @property
    def exit_code(self) -> int:
        """What a pipeline gets: 0 met (a conditional go included), 1 not met, 2 could not be judged."""
        match self:
            case Decision.GO | Decision.CONDITIONAL:
                return 0
            case Decision.NO_GO:
                return 1
            case Decision.UNDETERMINED:
                return 2
            case _:
                assert_never(self)


class Colour(StrEnum):
    """The colours of an official indicator; grey is not known, and never counts as green."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    GREY = "grey"


class Indicator(Strict):
    """An official indicator forecast for this service, in the colour its own publisher would give it.

    ``shown`` is the value in words with its unit, ``scale`` the publisher's thresholds in words, ``reason`` why this
    colour (or why grey), and, for a forecast, from what it is made. ``at_peak`` says that the value is the one under
    the peak load. ``basis`` is None where nothing is known. ``evidence`` points into the files of the run.
    """

    id: str
    title: Text
    published_by: str
    colour: Colour
    value: bool | int | float | str | None
    unit: Unit
    shown: Text
    at_peak: bool
    basis: Literal["measured", "declared"] | None
    reason: Text
    scale: Text
    evidence: tuple[str, ...] = ()


class GradeRange(Strict):
    """Grade with unknowns counted as failures (low) and as passes (high); the scores behind it go from 0 to 1.

    An unknown whose precondition failed can no longer pass and counts as a failure at both ends.
    """

    low: Letter
    high: Letter
    score_low: float
    score_high: float


class Judged(Strict):
    """A criterion with its verdict, the fact it was judged on (None when unknown), and the reason in words.

    ``evidence`` points into the files of the run ("load.json#/facts/3"); ``waiver`` says who accepted the failure,
    until when and why; ``waits_for`` is the criterion that must pass first, where only that keeps this one unknown;
    ``fell_short`` says that a measurement was made and is not good enough. ``expires_on`` is the last day on which the
    observation counts (it is past where only that makes it unknown), ``freshness`` the share of its life that is left
    (1 when new), None when unknown.
    """

    criterion: Criterion
    verdict: Verdict
    fact: Fact | None
    threshold: Text
    reason: Text
    evidence: tuple[str, ...]
    waiver: Text | None = None
    waits_for: str | None = None
    fell_short: bool = False
    expires_on: date | None = None
    freshness: float | None = None


class DomainResult(Strict):
    """A domain: its grade (None when no criterion of it applies) and its criteria."""

    id: Domain
    grade: GradeRange | None
    judged: tuple[Judged, ...]


class Capacity(Strict):
    """Users the service holds at the objective, with the interval of the measurement; None where not measured.

    ``sentence`` says it in words, ``reason`` why it is not known. ``confidence`` is that of the interval, from 0 to 1,
    where the measurement claims one; ``replicas_needed`` is known once several replica counts were measured.
    """

    sentence: Text
    users: int | None
    users_low: int | None
    users_high: int | None
    demand_rps: float | None
    sustained_rps: float | None
    reason: Text | None
    bottleneck: Text | None
    confidence: float | None = None
    replicas_needed: int | None = None


class Condition(Strict):
    """What a conditional go is bound to: a cap on the users, an end, and the regression that revokes it, in words."""

    users_cap: int | None
    until: date
    because: tuple[str, ...]
    revocation: Text


class Validity(Strict):
    """The last day on which the decision holds by this evidence alone, and the criteria that end it."""

    until: date
    because: tuple[str, ...]
    sentence: Text


class Action(Strict):
    """Something to do next: mend a failure or obtain a missing measurement.

    ``gain`` and ``gain_high`` are in points out of 100 of the low and of the high end of the total score. ``moves``
    says in words what it moves ("opens the gate; low end of the grade from E to D"); ``command`` is what to type,
    where a command does it.
    """

    criterion: str
    kind: Literal["mend", "measure"]
    gain: float
    effort: Literal["hours", "days", "weeks", "months"]
    text: Text
    gain_high: float
    moves: Text
    command: str | None


class ProjectSummary(Strict):
    """Who is judged; ``tier`` is None in scorecards written before there were tiers; ``address`` is the public one.

    ``file`` is the project file and ``code`` the folder that the paths of findings start from, both from the root of
    the repository ("." is the root); ``code`` is None where it lies outside.
    """

    name: str
    kind: str
    users: int
    agents: int
    tier: Tier | None = None
    file: str = FILE_NAME
    code: str | None = "."
    address: str | None = None


class Scorecard(Strict):
    """The whole judgement of one run at one date.

    Shares of the weight of the applicable questions, from 0 to 1: ``coverage`` is answered, ``confidence`` is answered
    with each answer counted at the life its evidence has left. ``measured_share`` is the share of the answered weight
    that was measured rather than declared. ``validity`` is None unless the decision is a go or a conditional go.
    """

    project: ProjectSummary
    graded_on: date
    decision: Decision
    decision_reason: Text
    condition: Condition | None
    grade: GradeRange
    capacity: Capacity
    domains: tuple[DomainResult, ...]
    actions: tuple[Action, ...]
    evidence: tuple[Evidence, ...]
    problems: tuple[Text, ...]
    indicators: tuple[Indicator, ...]
    coverage: float
    measured_share: float
    confidence: float
    validity: Validity | None

    @property
    def judged(self) -> tuple[Judged, ...]:
        """Every judged criterion, in the order of the page."""
        return tuple(j for domain in self.domains for j in domain.judged)
