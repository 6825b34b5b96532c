"""What holds for every catalogue and every evidence, tried on random ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.evidence import Text
from scorecard.grading import grade
from scorecard.project import Waiver
from scorecard.reports import json_report
from scorecard.scorecard import Decision, Verdict

LETTERS = "ABCDEF"
VALUES = {"pass": 0.2, "warn": 0.6, "fail": 0.9}
DOMAINS = ("capacity", "security", "change")
FILES = ("one", "two", "three")


@dataclass(frozen=True)
class Plan:
    """One criterion to be: what it is, what it requires (numbers of earlier ones), and what was observed."""

    weight: float
    blocking: bool
    warns: bool
    measurement: bool
    requires: tuple[int, ...]
    evidence: str
    domain: str
    state: str
    waived: bool
    elsewhere: bool = False
    """Asked of another kind of service only."""


@st.composite
def plans(draw):
    found: list[Plan] = []
    for _ in range(draw(st.integers(1, 8))):
        blocking = draw(st.booleans())
        allowed = [
            n
            for n, p in enumerate(found)
            if p.measurement or (not p.warns and (p.blocking or not blocking))
        ]  # fmt: skip
        measurement = draw(st.integers(0, 4)) == 0
        requires = tuple(draw(st.lists(st.sampled_from(allowed), unique=True, max_size=2))) if allowed else ()
        found.append(
            Plan(
                weight=draw(st.floats(0.5, 10)),
                blocking=blocking,
                warns=draw(st.booleans()),
                measurement=measurement,
                requires=requires,
                evidence=draw(st.sampled_from(FILES)),
                domain=draw(st.sampled_from(DOMAINS)),
                state=draw(st.sampled_from(["pass", "pass", "warn", "fail", "none", "absent"])),
                waived=draw(st.booleans()),
                elsewhere=measurement and not requires and draw(st.booleans()),
            )
        )
    return found


@pytest.fixture(scope="session")
def card_of(project, criterion, evidence, fact, today):
    """The scorecard of a plan; evidence named in ``without`` was not collected."""

    def make(plan, without=frozenset(), order=None):
        criteria = [
            criterion(
                f"c{n}", weight=p.weight, blocking=p.blocking, warn=0.8 if p.warns else None, domain=p.domain,
                judges="measurement" if p.measurement else "service", evidence=p.evidence,
                requires=[f"c{r}" for r in p.requires], kinds=["api"] if p.elsewhere else ["online-procedure"],
            )
            for n, p in enumerate(plan)
        ]  # fmt: skip
        items = [
            evidence(
                [
                    fact(f"load.c{n}", VALUES.get(p.state))
                    for n, p in enumerate(plan)
                    if p.evidence == name and p.state != "absent"
                ],
                name=name,
            )
            for name in FILES
            if name not in without
        ]
        waivers = [
            Waiver(criterion=f"c{n}", reason="mended in January", approver="CIO", expires=today + timedelta(days=9))
            for n, p in enumerate(plan)
            if p.waived
        ]
        problems = [Text(en="b", fr="b"), Text(en="a", fr="a")]
        if order is not None:
            for things in (criteria, items, waivers, problems):
                order.shuffle(things)
        return grade(project, criteria, items, waivers, today, problems)

    return make


def no_better(letter: str, than: str) -> bool:
    return LETTERS.index(letter) >= LETTERS.index(than)


@settings(max_examples=100, deadline=None)
@given(plan=plans(), which=st.integers(0, 7))
def test_adding_a_failure_never_raises_a_grade_nor_opens_the_gate(card_of, plan, which):
    which %= len(plan)
    if plan[which].measurement:
        return  # a bad measurement is no failure of the service
    before = card_of(plan)
    failed = list(plan)
    failed[which] = replace(plan[which], state="fail", waived=False)
    after = card_of(failed)
    if plan[which].state in ("pass", "warn", "fail"):
        assert after.grade.score_high <= before.grade.score_high + 1e-9
        assert no_better(after.grade.high, before.grade.high)
        for now, then in zip(after.domains, before.domains, strict=True):
            assert now.grade is None or then.grade is None or no_better(now.grade.high, then.grade.high)
    assert after.grade.score_low <= before.grade.score_low + 1e-9
    assert no_better(after.grade.low, before.grade.low)
    assert after.decision is not Decision.GO or before.decision is Decision.GO
    if plan[which].blocking and next(j for j in after.judged if j.criterion.id == f"c{which}").verdict is Verdict.FAIL:
        assert after.decision is Decision.NO_GO


@settings(max_examples=60, deadline=None)
@given(plan=plans(), extra=st.floats(0.5, 10), blocking=st.booleans())
def test_one_more_criterion_that_fails_never_raises_a_grade(card_of, plan, extra, blocking):
    more = [*plan, Plan(extra, blocking, False, False, (), "one", "capacity", "fail", False)]
    before, after = card_of(plan), card_of(more)
    assert no_better(after.grade.low, before.grade.low)
    assert no_better(after.grade.high, before.grade.high)


@settings(max_examples=100, deadline=None)
@given(plan=plans(), lost=st.sets(st.sampled_from(FILES)))
def test_removing_evidence_never_raises_the_low_end_nor_makes_a_go(card_of, plan, lost):
    before, after = card_of(plan), card_of(plan, without=lost)
    assert after.grade.score_low <= before.grade.score_low + 1e-9
    assert no_better(after.grade.low, before.grade.low)
    if before.decision in (Decision.NO_GO, Decision.UNDETERMINED):
        assert after.decision in (Decision.NO_GO, Decision.UNDETERMINED)
    if before.decision is Decision.CONDITIONAL:
        assert after.decision is not Decision.GO


@settings(max_examples=100, deadline=None)
@given(plan=plans(), order=st.randoms(use_true_random=False))
def test_order_never_matters_to_the_byte(card_of, plan, order):
    straight, shuffled = card_of(plan), card_of(plan, order=order)
    assert json_report.render(straight, "fr") == json_report.render(shuffled, "fr")


@settings(max_examples=100, deadline=None)
@given(plan=plans())
def test_unknown_never_passes_and_everything_agrees(card_of, plan):
    card = card_of(plan)
    verdicts = {j.criterion.id: j for j in card.judged}
    assert len(verdicts) == len(plan)
    for n, p in enumerate(plan):
        judged = verdicts[f"c{n}"]
        if p.elsewhere:
            assert judged.verdict is Verdict.NOT_APPLICABLE
        elif p.state in ("none", "absent"):
            assert judged.verdict is Verdict.UNKNOWN
        if judged.verdict is Verdict.UNKNOWN:
            assert judged.fact is None
        if judged.verdict is Verdict.PASS:
            assert p.state == "pass"
            assert all(verdicts[f"c{r}"].verdict is Verdict.PASS for r in p.requires if not plan[r].elsewhere)
    blocking = {j.verdict for j in card.judged if j.criterion.blocking} - {Verdict.NOT_APPLICABLE}
    document = json.loads(json_report.render(card, "en"))
    assert document["decision"] == card.decision.value
    assert document["grade"]["low"] == card.grade.low
    assert card.grade.score_low <= card.grade.score_high
    assert no_better(card.grade.low, card.grade.high)
    match card.decision:
        case Decision.GO:
            assert card.decision.exit_code == 0
            assert blocking == {Verdict.PASS}
            assert no_better("C", card.grade.low)
        case Decision.CONDITIONAL:
            assert card.decision.exit_code == 0
            assert not blocking & {Verdict.FAIL, Verdict.UNKNOWN}
            assert card.condition is not None
        case Decision.NO_GO:
            assert card.decision.exit_code == 1
            assert Verdict.FAIL in blocking
            assert no_better(card.grade.high, "D")
        case Decision.UNDETERMINED:
            assert card.decision.exit_code == 2
            assert Verdict.UNKNOWN in blocking or not blocking


@settings(max_examples=60, deadline=None)
@given(plan=plans())
def test_a_waiver_never_raises_a_grade(card_of, plan):
    bare = card_of([replace(p, waived=False) for p in plan])
    waived = card_of(plan)
    assert waived.grade == bare.grade
    assert waived.decision is not Decision.GO or bare.decision is Decision.GO


@given(low=st.floats(0, 2), high=st.floats(0, 2))
def test_a_worse_value_never_gets_a_better_verdict(project, criterion, evidence, fact, today, low, high):
    order = [Verdict.PASS, Verdict.WARN, Verdict.FAIL]
    one = criterion("p95", warn=0.8)
    better, worse = (
        order.index(grade(project, [one], [evidence([fact("load.p95", v)])], (), today).judged[0].verdict)
        for v in sorted([low, high])
    )
    assert better <= worse
