"""How much of the judgement rests on answers, on measurements, on fresh evidence, and until when the decision holds."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from scorecard.evidence import Text
from scorecard.grading.scores import below, credit, letter
from scorecard.grading.sentences import named
from scorecard.quantities import day
from scorecard.scorecard import Condition, Decision, Judged, Letter, Validity, Verdict

_ANSWERED = frozenset({Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.WAIVED})


@dataclass(frozen=True)
class Shares:
    """Shares from 0 to 1 of the weight of the applicable questions; all are 0 where there is nothing to share."""

    coverage: float
    measured: float
    confidence: float


def shares(judged: Sequence[Judged]) -> Shares:
    """What share is answered, what share of that was measured, and what share is left once answers age.

    The confidence is the coverage with each answer counted at the share of its life that is left (linear: a load test
    of 15 of its 30 days counts half). It says nothing about whether the answers are good; the grade does.
    """
    asked, known, measured, alive = [], [], [], []
    for item in judged:
        if item.verdict is Verdict.NOT_APPLICABLE:
            continue
        weight = item.criterion.weight
        asked.append(weight)
        if item.verdict in _ANSWERED and item.freshness is not None:
            known.append(weight)
            alive.append(weight * item.freshness)
            if item.criterion.basis == "measured":
                measured.append(weight)
    total, answered = math.fsum(asked), math.fsum(known)
    return Shares(
        coverage=round(answered / total, 6) if total else 0.0,
        measured=round(math.fsum(measured) / answered, 6) if answered else 0.0,
        confidence=round(math.fsum(alive) / total, 6) if total else 0.0,
    )


def validity(
    decision: Decision, judged: Mapping[str, Judged], bound: Condition | None, least: Letter
) -> Validity | None:
    """The last day on which a go, or a conditional go, is still what this evidence alone comes to; else None.

    Evidence is let expire day by day: the decision ends when a blocking answer does, or, for a go, when the low end of
    the grade falls under ``least``; a conditional go ends with its condition at the latest. ``judged`` holds each
    criterion after those it requires. Evidence that is dated in the future counts for nothing, also here.
    """
    if decision not in (Decision.GO, Decision.CONDITIONAL):
        return None
    by_day = _by_last_day(judged)
    asked = [j for j in judged.values() if j.verdict is not Verdict.NOT_APPLICABLE]
    total = math.fsum(j.criterion.weight for j in asked)
    low = math.fsum(j.criterion.weight * credit(j, 0.0) for j in asked)
    for until in sorted(by_day):
        if bound is not None and bound.until <= until:
            return _with_its_condition(bound)
        ended = by_day[until]
        blocking = [j for j in ended if j.criterion.blocking]
        low -= math.fsum(j.criterion.weight * credit(j, 0.0) for j in ended)
        if blocking or (decision is Decision.GO and below(letter(low / total), least)):
            return _with_evidence(until, blocking if blocking else ended)
    return None if bound is None else _with_its_condition(bound)


def _by_last_day(judged: Mapping[str, Judged]) -> dict[date, list[Judged]]:
    """Answered criteria by the last day on which they, and all they require, are backed by evidence that counts."""
    ends: dict[str, date] = {}
    by_day: dict[date, list[Judged]] = defaultdict(list)
    for name, item in judged.items():
        if item.verdict not in _ANSWERED or item.expires_on is None:
            continue
        ends[name] = min([item.expires_on, *(ends[r] for r in item.criterion.requires if r in ends)])
        by_day[ends[name]].append(item)
    return by_day


def _with_its_condition(bound: Condition) -> Validity:
    return Validity(
        until=bound.until,
        because=bound.because,
        sentence=Text(
            en=f"This decision holds until {day(bound.until, 'en')}, when its condition ends.",
            fr=f"Cette décision vaut jusqu’au {day(bound.until, 'fr')}, terme de sa condition.",
        ),
    )


def _with_evidence(until: date, ended: Sequence[Judged]) -> Validity:
    first = sorted(ended, key=lambda j: (-j.criterion.weight, j.criterion.id))
    names = named([j.criterion.title for j in first])
    return Validity(
        until=until,
        because=tuple(j.criterion.id for j in first),
        sentence=Text(
            en=f"This decision holds until {day(until, 'en')}; then what is known of {names.en} is too old to count.",
            fr=f"Cette décision vaut jusqu’au {day(until, 'fr')} ; au-delà, ce que l’on sait de {names.fr} est trop "
            "ancien pour compter.",
        ),
    )
