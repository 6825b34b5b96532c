"""Grading: criteria and evidence in, one Scorecard out. No clock, no disk, no network, no order of anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from scorecard.criteria import Criterion, Domain
from scorecard.evidence import Evidence, Text
from scorecard.grading.actions import actions
from scorecard.grading.capacity import capacity
from scorecard.grading.contradictions import contradictions
from scorecard.grading.decision import LEAST_GRADE, condition, decide, reason
from scorecard.grading.differences import Cause, Change, differences
from scorecard.grading.explanation import Line, explain
from scorecard.grading.freshness import shares, validity
from scorecard.grading.indicators import indicators
from scorecard.grading.observations import ledger
from scorecard.grading.official import OFFICIAL, Official
from scorecard.grading.past import Past, past
from scorecard.grading.revocation import revoked_by
from scorecard.grading.scores import range_of, settled, tally
from scorecard.grading.verdicts import Bench, judge_all
from scorecard.grading.waivers import in_force
from scorecard.grading.waivers import problems as waiver_problems
from scorecard.project import ProjectFile, Waiver
from scorecard.scorecard import DomainResult, GradeRange, Judged, ProjectSummary, Scorecard

__all__ = ["Cause", "Change", "Line", "Past", "differences", "explain", "grade", "past", "revoked_by"]

NOTHING_ASKED = GradeRange(low="F", high="F", score_low=0.0, score_high=0.0)
"""Grade when no criterion applies: nothing asked earns nothing."""


def grade(
    project: ProjectFile,
    criteria: Sequence[Criterion],
    evidence: Sequence[Evidence],
    waivers: Sequence[Waiver],
    today: date,
    problems: Sequence[Text] = (),
    official: Sequence[Official] = OFFICIAL,
) -> Scorecard:
    """The judgement of ``evidence`` on ``project`` as of ``today``; the same input in any order gives the same card.

    ``today`` is a date in UTC, like those of the evidence. ``problems`` are evidence files that could not be read; the
    card lists them with what grading itself found (waivers without effect, contradictions). ``official`` are the
    indicators to forecast, by default the shipped ones.

    Raises:
        ValueError: an identifier stands twice in ``criteria``, or criteria require each other.
    """
    criteria = [c.in_tier(project.project.tier) for c in criteria]
    known = {c.id: c for c in criteria}
    if len(known) != len(criteria):
        raise ValueError("a criterion stands twice")
    book = ledger(evidence, project.project.name, today)
    accepted = in_force(waivers, known, today)
    judged = judge_all(criteria, Bench(project, book, known, accepted))
    lost = settled(judged)
    domains = _domains(judged, lost)
    page = [j for domain in domains for j in domain.judged]
    sums = tally(page, lost)
    total = range_of(sums)
    total = NOTHING_ASKED if total is None else total
    held = capacity(judged, book, project.project.users)
    decision = decide(sums)
    bound = condition(decision, page, held, project, accepted, today)
    share = shares(page)
    return Scorecard(
        project=ProjectSummary(
            name=project.project.name,
            kind=project.project.kind,
            users=project.project.users,
            agents=project.project.agents,
            tier=project.project.tier,
            address=project.project.address,
        ),
        graded_on=today,
        decision=decision,
        decision_reason=reason(decision, page, total, held, bound, project),
        condition=bound,
        grade=total,
        capacity=held,
        domains=domains,
        actions=actions(judged, lost, sums),
        evidence=tuple(sorted(evidence, key=lambda e: (e.name, e.digest or e.computed_digest()))),
        problems=_sorted([*problems, *waiver_problems(waivers, judged, today), *contradictions(judged)]),
        indicators=indicators(official, judged),
        coverage=share.coverage,
        measured_share=share.measured,
        confidence=share.confidence,
        validity=validity(decision, judged, bound, LEAST_GRADE),
    )


def _domains(judged: Mapping[str, Judged], lost: frozenset[str]) -> tuple[DomainResult, ...]:
    """The ten domains in the order of the page, each with its criteria, the blocking and the heavy ones first."""
    found: dict[Domain, list[Judged]] = {domain: [] for domain in Domain}
    for item in sorted(judged.values(), key=lambda j: (not j.criterion.blocking, -j.criterion.weight, j.criterion.id)):
        found[item.criterion.domain].append(item)
    return tuple(
        DomainResult(id=domain, grade=range_of(tally(items, lost)), judged=tuple(items))
        for domain, items in found.items()
    )


def _sorted(texts: Iterable[Text]) -> tuple[Text, ...]:
    return tuple(sorted(texts, key=lambda t: (t.en, t.fr)))
