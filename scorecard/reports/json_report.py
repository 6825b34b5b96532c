"""The scorecard as JSON, schema ``portance/scorecard/1``: the same words and numbers as every other report."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from scorecard.criteria import Domain
from scorecard.evidence import Evidence, Fact, Status, Strict, Unit
from scorecard.reports import origin
from scorecard.scorecard import (
    SCHEMA,
    Action,
    Capacity,
    Colour,
    Condition,
    Decision,
    GradeRange,
    Indicator,
    Judged,
    ProjectSummary,
    Scorecard,
    Validity,
    Verdict,
)


class JsonCapacity(Strict):
    """What the service holds, in users and in requests per second; null is not known, and ``reason`` says why."""

    sentence: str = Field(description="the users held in words, or that they are not known")
    users: int | None
    users_low: int | None
    users_high: int | None
    confidence: float | None
    demand_rps: float | None
    sustained_rps: float | None
    replicas_needed: int | None
    bottleneck: str | None
    reason: str | None


class JsonDomain(Strict):
    """A domain; its grade is null when no criterion of it applies."""

    id: Domain
    grade: GradeRange | None


class JsonCriterion(Strict):
    """A judged criterion; ``value`` is null when the verdict is unknown or not_applicable."""

    id: str
    domain: Domain
    title: str
    verdict: Verdict
    basis: Literal["measured", "declared"]
    blocking: bool
    weight: float
    value: bool | int | float | str | None
    low: float | int | None
    high: float | int | None
    unit: str
    threshold: str
    reason: str
    detail: str = Field(description="what the tool adds, in its own words")
    remedy: str
    source: str
    declared_by: str | None = Field(description="owner and link of a declaration")
    waiver: str | None = Field(description="who accepted the failure, until when, and why")
    evidence: tuple[str, ...] = Field(description="file of the run and JSON pointer in it")
    expires_on: date | None = Field(default=None, description="last day on which the observation counts")
    freshness: float | None = Field(default=None, description="share of the life of the observation that is left")


class JsonAction(Strict):
    """Something to do next; the gains are in points of 100 of the two ends of the grade."""

    criterion: str
    kind: Literal["mend", "measure"]
    gain: float
    effort: Literal["hours", "days", "weeks", "months"]
    text: str
    gain_high: float | None = None
    moves: str = Field(default="", description="what it moves: the gate, the ends of the grade")
    command: str | None = Field(default=None, description="what to type, where a command does it")


class JsonCondition(Strict):
    """What a conditional go is bound to; ``because`` are identifiers of criteria."""

    users_cap: int | None
    until: date
    because: tuple[str, ...]
    revocation: str = Field(default="", description="the regression that revokes it")


class JsonValidity(Strict):
    """The last day on which the decision holds by this evidence alone."""

    until: date
    because: tuple[str, ...]
    sentence: str


class JsonIndicator(Strict):
    """An official indicator in its publisher's own colours; grey is not known."""

    id: str
    title: str
    published_by: str
    colour: Colour
    value: bool | int | float | str | None
    unit: Unit
    shown: str
    at_peak: bool = Field(description="whether the value is the one under the peak load")
    basis: Literal["measured", "declared"] | None
    reason: str
    scale: str = Field(description="the publisher's own thresholds")
    evidence: tuple[str, ...]


class JsonEvidence(Strict):
    """A file of evidence that was graded, with what identifies it."""

    name: str
    status: Status
    reason: str | None
    tool: str | None
    version: str | None
    started: AwareDatetime | None
    duration_s: float | None
    digest: str


class JsonScorecard(Strict):
    """A whole scorecard, in one language."""

    schema_: Literal["portance/scorecard/1"] = Field(alias="schema")
    lang: Literal["en", "fr"]
    project: ProjectSummary
    graded_on: date
    decision: Decision
    decision_reason: str
    condition: JsonCondition | None
    grade: GradeRange
    capacity: JsonCapacity
    domains: tuple[JsonDomain, ...]
    criteria: tuple[JsonCriterion, ...]
    actions: tuple[JsonAction, ...]
    evidence: tuple[JsonEvidence, ...]
    evidence_digest: str = Field(default="", description="of all the evidence, as the first sheet shows it")
    problems: tuple[str, ...]
    indicators: tuple[JsonIndicator, ...] = ()
    coverage: float | None = Field(default=None, description="weighted share of the applicable questions answered")
    measured_share: float | None = Field(default=None, description="share of the answered weight that was measured")
    confidence: float | None = Field(
        default=None, description="coverage, each answer at the life its evidence has left"
    )
    validity: JsonValidity | None = None


def render(card: Scorecard, lang: str) -> str:
    """``card`` as JSON with its texts in ``lang``; the same card gives the same bytes."""
    return document(card, lang).model_dump_json(by_alias=True, indent=1) + "\n"


def document(card: Scorecard, lang: str) -> JsonScorecard:
    """What :func:`render` writes, as data."""
    return JsonScorecard(
        schema=SCHEMA,
        lang="fr" if lang == "fr" else "en",
        project=card.project,
        graded_on=card.graded_on,
        decision=card.decision,
        decision_reason=card.decision_reason.in_(lang),
        condition=None if card.condition is None else _condition(card.condition, lang),
        grade=card.grade,
        capacity=_capacity(card.capacity, lang),
        domains=tuple(JsonDomain(id=d.id, grade=d.grade) for d in card.domains),
        criteria=tuple(_criterion(j, lang) for j in card.judged),
        actions=tuple(_action(a, lang) for a in card.actions),
        evidence=tuple(_evidence(e, lang) for e in card.evidence),
        evidence_digest=origin.digest(card),
        problems=tuple(p.in_(lang) for p in card.problems),
        indicators=tuple(_indicator(i, lang) for i in card.indicators),
        coverage=card.coverage,
        measured_share=card.measured_share,
        confidence=card.confidence,
        validity=None if card.validity is None else _validity(card.validity, lang),
    )


def _capacity(capacity: Capacity, lang: str) -> JsonCapacity:
    return JsonCapacity(
        sentence=capacity.sentence.in_(lang),
        users=capacity.users,
        users_low=capacity.users_low,
        users_high=capacity.users_high,
        confidence=capacity.confidence,
        demand_rps=capacity.demand_rps,
        sustained_rps=capacity.sustained_rps,
        replicas_needed=capacity.replicas_needed,
        bottleneck=None if capacity.bottleneck is None else capacity.bottleneck.in_(lang),
        reason=None if capacity.reason is None else capacity.reason.in_(lang),
    )


def _criterion(judged: Judged, lang: str) -> JsonCriterion:
    criterion, fact = judged.criterion, judged.fact
    return JsonCriterion(
        id=criterion.id,
        domain=criterion.domain,
        title=criterion.title.in_(lang),
        verdict=judged.verdict,
        basis=criterion.basis,
        blocking=criterion.blocking,
        weight=criterion.weight,
        value=None if fact is None else fact.value,
        low=None if fact is None else fact.low,
        high=None if fact is None else fact.high,
        unit=criterion.unit.value,
        threshold=judged.threshold.in_(lang),
        reason=judged.reason.in_(lang),
        detail="" if fact is None else fact.detail,
        remedy=criterion.remedy.in_(lang),
        source=criterion.source.in_(lang),
        declared_by=_owner(fact) if criterion.basis == "declared" else None,
        waiver=None if judged.waiver is None else judged.waiver.in_(lang),
        evidence=judged.evidence,
        expires_on=judged.expires_on,
        freshness=judged.freshness,
    )


def _owner(fact: Fact | None) -> str | None:
    return None if fact is None or not fact.source else fact.source


def _action(action: Action, lang: str) -> JsonAction:
    return JsonAction(
        criterion=action.criterion,
        kind=action.kind,
        gain=action.gain,
        effort=action.effort,
        text=action.text.in_(lang),
        gain_high=action.gain_high,
        moves=action.moves.in_(lang),
        command=action.command,
    )


def _condition(condition: Condition, lang: str) -> JsonCondition:
    return JsonCondition(
        users_cap=condition.users_cap,
        until=condition.until,
        because=condition.because,
        revocation=condition.revocation.in_(lang),
    )


def _validity(validity: Validity, lang: str) -> JsonValidity:
    return JsonValidity(until=validity.until, because=validity.because, sentence=validity.sentence.in_(lang))


def _indicator(indicator: Indicator, lang: str) -> JsonIndicator:
    return JsonIndicator(
        id=indicator.id,
        title=indicator.title.in_(lang),
        published_by=indicator.published_by,
        colour=indicator.colour,
        value=indicator.value,
        unit=indicator.unit,
        shown=indicator.shown.in_(lang),
        at_peak=indicator.at_peak,
        basis=indicator.basis,
        reason=indicator.reason.in_(lang),
        scale=indicator.scale.in_(lang),
        evidence=indicator.evidence,
    )


def _evidence(evidence: Evidence, lang: str) -> JsonEvidence:
    provenance = evidence.provenance
    return JsonEvidence(
        name=evidence.name,
        status=evidence.status,
        reason=None if evidence.reason is None else evidence.reason.in_(lang),
        tool=None if provenance is None else provenance.tool,
        version=None if provenance is None else provenance.version,
        started=None if provenance is None else provenance.started,
        duration_s=None if provenance is None else provenance.duration_s,
        digest=evidence.digest,
    )
