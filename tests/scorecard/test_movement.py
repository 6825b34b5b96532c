"""What an action moves is what grading says once it is done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.evidence import Status, Text
from scorecard.grading import grade
from scorecard.project import Waiver
from scorecard.scorecard import Decision, Verdict


@pytest.fixture(scope="session")
def judged(project, criterion, evidence, fact, today):
    """The card of criteria given as name: (value, changes); a value of None was not observed."""

    def make(rows, waived=(), without=()):
        criteria = [criterion(name, **changes) for name, (_, changes) in rows.items() if name not in without]
        facts = [fact(f"load.{name}", value) for name, (value, _) in rows.items()]
        waivers = [
            Waiver(criterion=name, reason="mended in January", approver="CIO", expires=today + timedelta(days=9))
            for name in waived
        ]
        return grade(project, criteria, [evidence(facts)], waivers, today)

    return make


def moves(card):
    return {a.criterion: (a.moves.en, a.moves.fr) for a in card.actions}


def test_the_last_obstacle_opens_the_gate(judged):
    good = {f"good{n}": (0.1, {}) for n in range(20)}
    card = judged({"gate": (9, {"blocking": True}), **good})
    assert moves(card)["gate"] == (
        "opens the gate; low end of the grade from D to A; high end from D to A",
        "ouvre la voie au feu vert ; bas de la note de D à A ; haut de la note de D à A",
    )
    poor = judged({"gate": (9, {"blocking": True}), "good": (0.1, {}), "a": (9, {}), "b": (9, {})})
    assert moves(poor)["gate"][0].startswith("opens the gate, under conditions; low end of the grade from F to D")


def test_one_of_several_obstacles_is_said_to_be_one(judged):
    card = judged({"a": (9, {"blocking": True}), "b": (9, {"blocking": True}), "c": (None, {"blocking": True})})
    assert moves(card)["a"][0].startswith("lifts one of the 3 obstacles to a go; ")
    assert moves(card)["c"][1].startswith("si la réponse est bonne : lève un des 3 obstacles au feu vert ; ")
    last = judged({"a": (9, {"blocking": True}), "c": (None, {"blocking": True})})
    assert moves(last)["a"][0].startswith("lifts the last failure that closes the gate")


def test_a_mended_warning_lifts_the_conditions(judged):
    card = judged({"near": (0.5, {"blocking": True, "warn": 0.8}), **{f"good{n}": (0.1, {}) for n in range(9)}})
    assert card.decision is Decision.CONDITIONAL
    assert moves(card)["near"] == (
        "lifts the conditions of the go; low end of the grade up 5 points of 100",
        "lève les conditions du feu vert ; bas de la note en hausse de 5 points sur 100",
    )


def test_both_ends_count_in_the_order_so_mending_comes_before_measuring(judged):
    card = judged({"broken": (9, {"effort": "hours"}), "unseen": (None, {}), "fine": (0.1, {})})
    assert [(a.criterion, a.gain, a.gain_high) for a in card.actions] == [
        ("broken", 33.33, 33.33),
        ("unseen", 33.33, 0.0),
    ]


def test_mending_a_precondition_gives_back_what_waits_for_it(judged):
    card = judged({"first": (9, {"weight": 1}), "then": (0.1, {"weight": 3, "requires": ["first"]})})
    (only,) = card.actions
    assert (only.criterion, only.gain, only.gain_high) == ("first", 25.0, 100.0)


def test_what_waits_for_two_failures_is_given_back_by_neither_alone(judged):
    rows = {"a": (9, {}), "b": (9, {}), "then": (0.1, {"weight": 8, "requires": ["a", "b"]})}
    assert [a.gain_high for a in judged(rows).actions] == [10.0, 10.0]


def test_every_action_says_a_fix_or_a_command(judged, project, criterion, evidence, fact, today):
    card = judged({"broken": (9, {}), "unseen": (None, {}), "lag": (9, {"judges": "measurement"})})
    by_name = {a.criterion: a for a in card.actions}
    assert "Mend broken." in by_name["broken"].text.en
    assert by_name["broken"].command is None
    assert by_name["unseen"].command == "portance run"
    assert "The tool saw nothing." in by_name["unseen"].text.en
    assert by_name["lag"].command is None
    assert "Mend lag." in by_name["lag"].text.en
    told = criterion("told", basis="declared", evidence="declarations", fact="declared.told")
    (only,) = grade(project, [told], [], (), today).actions
    assert only.command == "portance declare"


def test_every_action_on_the_shipped_questions_says_a_fix_or_a_command(project, shipped, evidence, fact, today):
    known = {c.id: c for c in shipped}
    broken = [fact(c.fact, 9e6, c.unit.value) for c in shipped if c.evidence == "load" and c.better == "lower"]
    for items in ([], [evidence(broken)]):
        found = grade(project, shipped, items, (), today).actions
        assert len(found) > 3
        for action in found:
            assert action.moves.en
            assert action.moves.fr
            fix = known[action.criterion].remedy.en.rstrip(".")[1:]
            assert action.command is not None or fix in action.text.en, action.criterion


def test_nothing_waived_or_not_asked_is_an_action(judged):
    rows = {"waived": (9, {"blocking": True}), "elsewhere": (9, {"kinds": ["api"]}), "fine": (0.1, {})}
    assert judged(rows, waived=["waived"]).actions == ()
    assert [a.criterion for a in judged(rows).actions] == ["waived"]  # the control


STATES = {"pass": 0.1, "warn": 0.6, "fail": 9.0, "none": None}


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(sorted(STATES)),
            st.sampled_from([1.0, 2.0, 7.0]),
            st.booleans(),
            st.booleans(),  # whether it requires the one before
        ),
        min_size=1,
        max_size=7,
    )
)
def test_an_action_moves_what_grading_finds_once_it_is_done(project, criterion, evidence, fact, today, rows):
    criteria = []
    for n, (_, weight, blocking, requires) in enumerate(rows):
        before = criteria[-1] if criteria else None
        allowed = requires and before is not None and before.warn is None and (before.blocking or not blocking)
        criteria.append(
            criterion(
                f"c{n}", weight=weight, blocking=blocking, warn=0.8 if rows[n][0] == "warn" else None,
                requires=[before.id] if allowed and before is not None else [],
            )
        )  # fmt: skip

    def card_of(values):
        facts = [fact(f"load.c{n}", value, **unseen(n, value)) for n, value in values.items()]
        return grade(project, criteria, [evidence(facts, status=Status.COMPLETED)], (), today)

    def unseen(n, value):
        # A reason of its own, so that each unknown is an action of its own.
        return {} if value is not None else {"reason": Text(en=f"not seen {n}", fr=f"pas vu {n}")}

    values = {n: STATES[state] for n, (state, *_) in enumerate(rows)}
    now = card_of(values)
    verdicts = {j.criterion.id: j.verdict for j in now.judged}
    tied = {r for c in criteria for r in c.requires} | {
        c.id for c in criteria if any(verdicts[r] is not Verdict.PASS for r in c.requires)
    }
    for action in now.actions:
        assert action.gain >= 0
        assert action.gain_high >= 0
        if action.criterion in tied:
            continue  # what waits for it, or what it waits for, moves with it: tried one by one above
        done = card_of({**values, int(action.criterion[1:]): 0.1})
        assert action.gain == pytest.approx(100 * (done.grade.score_low - now.grade.score_low), abs=0.011)
        assert action.gain_high == pytest.approx(100 * (done.grade.score_high - now.grade.score_high), abs=0.011)
        assert ("opens the gate" in action.moves.en) == (now.decision.exit_code != 0 and done.decision.exit_code == 0)
        low, high = (f"from {old} to {new}" for old, new in zip(letters(now), letters(done), strict=True))
        assert (f"low end of the grade {low}" in action.moves.en) == (now.grade.low != done.grade.low)
        assert (f"high end {high}" in action.moves.en) == (now.grade.high != done.grade.high)


def letters(card):
    return card.grade.low, card.grade.high
