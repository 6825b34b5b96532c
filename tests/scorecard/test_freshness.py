"""What share of the judgement is answered, measured and fresh, and the day on which a go stops being one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.evidence import Text
from scorecard.grading import grade
from scorecard.grading.life import life_left
from scorecard.project import Waiver
from scorecard.scorecard import Decision, Verdict


@pytest.fixture(scope="session")
def declared(criterion):
    def make(name, **changes):
        return criterion(
            name, basis="declared", evidence="declarations", fact=f"declared.{name}", max_age_days=90, **changes
        )

    return make


@pytest.fixture(scope="session")
def said(fact):
    return lambda name, value, on: fact(f"declared.{name}", value, observed_on=on, source="Ann, https://proof")


def test_the_shares_of_an_empty_run_are_nothing(project, criterion, today):
    for criteria in ([criterion("p95")], []):
        card = grade(project, criteria, [], (), today)
        assert (card.coverage, card.measured_share, card.confidence, card.validity) == (0.0, 0.0, 0.0, None)


def test_the_shares_count_weights_of_what_applies(project, criterion, declared, said, evidence, fact, today):
    criteria = [
        criterion("seen", weight=3),
        criterion("bad", weight=1),
        criterion("unseen", weight=2),
        declared("told", weight=2),
        criterion("elsewhere", weight=9, kinds=["api"]),
    ]
    items = [
        evidence([fact("load.seen", 0.1), fact("load.bad", 9), fact("load.unseen", None)]),
        evidence([said("told", 0.1, today - timedelta(days=45))], name="declarations"),
    ]
    card = grade(project, criteria, items, (), today)
    assert (card.coverage, card.measured_share) == (6 / 8, round(4 / 6, 6))
    left = 46 / 91
    assert card.confidence == pytest.approx((4 + 2 * left) / 8, abs=1e-4)


def test_confidence_falls_day_by_day_and_a_stale_answer_is_none(project, criterion, evidence, fact, today):
    items = [evidence([fact("load.p95", 0.1)])]
    days = [grade(project, [criterion("p95")], items, (), today + timedelta(days=n)) for n in range(33)]
    found = [card.confidence for card in days]
    assert found[0] == 1.0
    assert found == sorted(found, reverse=True)
    assert len(set(found[:32])) == 32
    last, after = days[30], days[31]
    assert (last.judged[0].verdict, last.judged[0].expires_on, last.coverage) == (
        Verdict.PASS,
        last.graded_on,
        1.0,
    )
    assert last.confidence > 0
    judged = after.judged[0]
    assert (judged.verdict, judged.freshness, after.confidence, after.coverage) == (Verdict.UNKNOWN, None, 0.0, 0.0)
    assert judged.expires_on == last.graded_on  # says since when


@given(age=st.integers(0, 4000), life=st.integers(1, 2000))
def test_the_life_left_is_a_share_and_ends_with_the_last_day(age, life):
    begun = date(2020, 1, 1)
    left = life_left(begun, life, begun + timedelta(days=age))
    assert (left > 0) == (age <= life)
    assert 0 <= left <= 1
    assert (left == 1.0) == (age == 0)


def test_a_go_ends_when_the_first_blocking_answer_is_too_old(project, criterion, declared, said, evidence, fact, today):
    criteria = [criterion("p95", blocking=True, max_age_days=30), declared("told", blocking=True)]
    told_on = today - timedelta(days=70)
    items = [evidence([fact("load.p95", 0.1)]), evidence([said("told", 0.1, told_on)], name="declarations")]
    card = grade(project, criteria, items, (), today)
    assert card.decision is Decision.GO
    assert card.validity is not None
    assert (card.validity.until, card.validity.because) == (told_on + timedelta(days=90), ("told",))
    assert card.validity.sentence == Text(
        en="This decision holds until 12 December 2026; then what is known of “told holds” is too old to count.",
        fr="Cette décision vaut jusqu’au 12 décembre 2026 ; au-delà, ce que l’on sait de « told tient » est trop "
        "ancien pour compter.",
    )


def test_a_go_ends_too_when_what_a_blocking_answer_requires_is_too_old(project, criterion, evidence, fact, today):
    criteria = [
        criterion("lag", judges="measurement", max_age_days=3),
        criterion("p95", blocking=True, requires=["lag"]),
    ]
    card = grade(project, criteria, [evidence([fact("load.lag", 0.1), fact("load.p95", 0.1)])], (), today)
    assert card.validity is not None
    assert (card.validity.until, card.validity.because) == (today + timedelta(days=3), ("p95",))


def test_a_go_ends_when_too_little_is_known_for_one(project, criterion, evidence, fact, today):
    criteria = [
        criterion("gate", blocking=True, weight=1, max_age_days=300),
        criterion("short", weight=1, max_age_days=5),
        criterion("brief", weight=1, max_age_days=9),
    ]
    facts = [fact(f"load.{name}", 0.1) for name in ("gate", "short", "brief")]
    card = grade(project, criteria, [evidence(facts)], (), today)
    assert card.decision is Decision.GO
    assert card.validity is not None
    assert (card.validity.until, card.validity.because) == (today + timedelta(days=9), ("brief",))


def test_a_conditional_go_ends_with_its_condition_or_with_its_evidence(project, criterion, evidence, fact, today):
    waiver = Waiver(criterion="bad", reason="mended in January", approver="CIO", expires=today + timedelta(days=20))
    items = [evidence([fact("load.bad", 9), fact("load.good", 0.1)])]

    def ends(life):
        criteria = [
            criterion("bad", blocking=True, max_age_days=60),
            criterion("good", blocking=True, max_age_days=life),
        ]
        card = grade(project, criteria, items, [waiver], today)
        assert card.decision is Decision.CONDITIONAL
        assert card.validity is not None
        return card.validity

    assert (ends(50).until, ends(50).because) == (waiver.expires, ("bad",))
    assert "condition ends" in ends(50).sentence.en
    assert (ends(10).until, ends(10).because) == (today + timedelta(days=10), ("good",))


def test_no_go_and_undetermined_hold_for_no_time(project, criterion, evidence, fact, today):
    blocking = [criterion("p95", blocking=True)]
    assert grade(project, blocking, [evidence([fact("load.p95", 9)])], (), today).validity is None
    assert grade(project, blocking, [], (), today).validity is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1.0, 2.0, 5.0]),  # weight
            st.booleans(),  # blocking
            st.integers(1, 40),  # life
            st.integers(0, 40),  # age
            st.sampled_from([0.1, 0.1, 0.1, 0.6, 9.0]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_the_last_day_of_a_go_is_what_grading_says_on_that_day_and_the_next(
    project, criterion, evidence, fact, today, rows
):
    criteria = [
        criterion(f"c{n}", weight=weight, blocking=blocking, max_age_days=life, warn=0.8, evidence=f"e{n}")
        for n, (weight, blocking, life, _, _) in enumerate(rows)
    ]
    items = [
        evidence([fact(f"load.c{n}", value)], name=f"e{n}", on=today - timedelta(days=age))
        for n, (_, _, _, age, value) in enumerate(rows)
    ]
    card = grade(project, criteria, items, (), today)
    if card.validity is None:
        assert card.decision in (Decision.NO_GO, Decision.UNDETERMINED)
        return
    on_the_day = grade(project, criteria, items, (), card.validity.until)
    assert on_the_day.decision is card.decision
    the_next = grade(project, criteria, items, (), card.validity.until + timedelta(days=1))
    if card.condition is None or card.validity.until < card.condition.until:
        assert the_next.decision is not card.decision
