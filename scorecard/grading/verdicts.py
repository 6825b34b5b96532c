"""One criterion, one verdict, and the reason in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from graphlib import CycleError, TopologicalSorter

from scorecard.criteria import Criterion
from scorecard.evidence import Fact, Text
from scorecard.grading import thresholds
from scorecard.grading.life import last_day, life_left
from scorecard.grading.observations import Ledger, Place, Unusable, observe
from scorecard.grading.sentences import followed, quoted
from scorecard.grading.waivers import describe
from scorecard.project import ProjectFile, Waiver
from scorecard.quantities import apart, both, day
from scorecard.scorecard import Judged, Verdict

_SIDES = {"pass": Verdict.PASS, "warn": Verdict.WARN, "fail": Verdict.FAIL}


@dataclass(frozen=True)
class Bench:
    """What every criterion is judged with: the project, the facts, and the waivers in force by criterion."""

    project: ProjectFile
    book: Ledger
    criteria: Mapping[str, Criterion]
    waivers: Mapping[str, Waiver]


def judge_all(criteria: Sequence[Criterion], bench: Bench) -> dict[str, Judged]:
    """Every criterion with its verdict, by identifier, each after those it requires.

    Raises:
        ValueError: criteria require each other.
    """
    order = TopologicalSorter({c.id: [r for r in c.requires if r in bench.criteria] for c in criteria})
    judged: dict[str, Judged] = {}
    try:
        for name in order.static_order():
            criterion = bench.criteria[name]
            required = [(r, judged.get(r)) for r in sorted(criterion.requires)]
            unmet = [(r, first) for r, first in required if not _is_met(first)]
            judged[name] = _judge(criterion, bench, unmet)
    except CycleError as error:
        raise ValueError(f"criteria require each other: {' -> '.join(error.args[1])}") from error
    return judged


def _is_met(required: Judged | None) -> bool:
    """Whether a precondition holds; one on the measurement that this kind of service is not asked about is none.

    That depends on the project file alone: no evidence, present or missing, makes a criterion not applicable.
    """
    if required is None:
        return False
    if required.verdict is Verdict.NOT_APPLICABLE:
        return required.criterion.judges == "measurement"
    return required.verdict is Verdict.PASS


def _judge(criterion: Criterion, bench: Bench, unmet: Sequence[tuple[str, Judged | None]]) -> Judged:
    at = thresholds.line(criterion, bench.project)
    words = thresholds.words(criterion, at)
    if bench.project.project.kind not in criterion.kinds:
        reason = Text(
            en="This question is not asked of this kind of service.",
            fr="Cette question ne se pose pas pour ce type de service.",
        )
        return Judged(
            criterion=criterion,
            verdict=Verdict.NOT_APPLICABLE,
            fact=None,
            threshold=words,
            reason=reason,
            evidence=(),
        )
    found = observe(bench.book, criterion.fact, criterion.evidence, criterion.unit, criterion.max_age_days)
    if isinstance(found, Unusable):
        return _unknown(criterion, words, found.reason, found.pointers, expires_on=found.expired_on)
    if unmet:
        name, first = unmet[0]
        return _unknown(criterion, words, _void(name, first), (found.pointer,), waits_for=name)
    value = _end(found.fact, criterion)
    if value is None:
        return _unknown(criterion, words, _no_end(criterion), (found.pointer,))
    verdict = _SIDES[thresholds.side(value, criterion, at)]
    reason = _reason(value, found, criterion, at, verdict)
    if criterion.judges == "measurement" and verdict is not Verdict.PASS:
        return _unknown(criterion, words, _short(reason), (found.pointer,), fell_short=True)
    waiver = bench.waivers.get(criterion.id) if verdict is Verdict.FAIL else None
    accepted = None if waiver is None else describe(waiver)
    assert found.observed_on is not None  # observe() takes nothing without a date
    return Judged(
        criterion=criterion,
        verdict=verdict if accepted is None else Verdict.WAIVED,
        fact=found.fact,
        threshold=words,
        reason=reason if accepted is None else followed(reason, accepted),
        evidence=(found.pointer,),
        waiver=accepted,
        expires_on=last_day(found.observed_on, criterion.max_age_days),
        freshness=life_left(found.observed_on, criterion.max_age_days, bench.book.today),
    )


def _unknown(
    criterion: Criterion,
    threshold: Text,
    reason: Text,
    evidence: tuple[str, ...],
    *,
    waits_for: str | None = None,
    fell_short: bool = False,
    expires_on: date | None = None,
) -> Judged:
    return Judged(
        criterion=criterion,
        verdict=Verdict.UNKNOWN,
        fact=None,
        threshold=threshold,
        reason=reason,
        evidence=evidence,
        waits_for=waits_for,
        fell_short=fell_short,
        expires_on=expires_on,
    )


def _end(fact: Fact, criterion: Criterion) -> bool | float | str | None:
    """The end of the interval the criterion judges: the cautious one has to exist, the value is no stand-in for it."""
    match criterion.use:
        case "low":
            return fact.low
        case "high":
            return fact.high
        case "value":
            return fact.value


def _reason(
    value: bool | float | str, found: Place, criterion: Criterion, at: thresholds.Line, verdict: Verdict
) -> Text:
    en, fr = _compared(value, criterion, at, verdict)
    fact = found.fact
    if criterion.use != "value" and fact.low is not None and fact.high is not None:
        low, high = both(fact.low, criterion.unit), both(fact.high, criterion.unit)
        en, fr = f"{en} (between {low.en} and {high.en})", f"{fr} (entre {low.fr} et {high.fr})"
    if criterion.basis == "declared" and fact.observed_on is not None:
        en = f"{en}; declared on {day(fact.observed_on, 'en')} by {fact.source}"
        fr = f"{fr} ; déclaré le {day(fact.observed_on, 'fr')} par {fact.source}"
    return Text(en=f"{en}.", fr=f"{fr}.")


def _compared(
    value: bool | float | str, criterion: Criterion, at: thresholds.Line, verdict: Verdict
) -> tuple[str, str]:
    """The value beside its line, as a clause in English and in French."""
    limit = both(at.pass_, criterion.unit, None)
    if isinstance(value, bool | str) or isinstance(at.pass_, bool | str):
        seen = both(value, criterion.unit)
        en, fr = seen.en[:1].upper() + seen.en[1:], seen.fr[:1].upper() + seen.fr[1:]
        if verdict is Verdict.PASS:
            return f"{en}, as expected", f"{fr}, comme attendu"
        return f"{en}, where “{limit.en}” is expected", f"{fr}, alors que « {limit.fr} » est attendu"
    seen = apart(value, at.pass_, criterion.unit)
    en, fr = f"{seen.en}, the line is {limit.en}", f"{seen.fr}, le seuil est de {limit.fr}"
    if verdict is not Verdict.WARN or at.warn is None:
        return en, fr
    last = both(at.warn, criterion.unit, None)
    if criterion.better == "lower":
        return f"{en}, tolerated up to {last.en}", f"{fr}, toléré jusqu’à {last.fr}"
    return f"{en}, tolerated from {last.en}", f"{fr}, toléré à partir de {last.fr}"


def _void(name: str, required: Judged | None) -> Text:
    if required is None:
        return Text(
            en=f"What was measured counts only if “{name}” is met, which is not judged here.",
            fr=f"Ce qui a été mesuré ne compte que si « {name} » est satisfait, ce qui n’est pas jugé ici.",
        )
    title = quoted(required.criterion.title)
    return followed(
        Text(
            en=f"What was measured counts only if {title.en} is met",
            fr=f"Ce qui a été mesuré ne compte que si {title.fr} est satisfait",
        ),
        required.reason,
    )


def _no_end(criterion: Criterion) -> Text:
    if criterion.use == "low":
        return Text(en="The measurement gives no lower bound.", fr="La mesure ne donne pas de borne basse.")
    return Text(en="The measurement gives no upper bound.", fr="La mesure ne donne pas de borne haute.")


def _short(reason: Text) -> Text:
    return Text(en=f"The measurement falls short: {reason.en}", fr=f"La mesure est insuffisante : {reason.fr}")
