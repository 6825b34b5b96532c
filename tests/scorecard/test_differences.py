"""What changed between two gradings and why, and what revokes a conditional go."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from scorecard.grading import Cause, differences, grade, past, revoked_by
from scorecard.project import Waiver
from scorecard.reports import json_report
from scorecard.reports.json_past import read_past
from scorecard.scorecard import Decision, Verdict


@pytest.fixture(scope="session")
def seen(evidence, fact):
    return lambda **values: [evidence([fact(f"load.{name}", value) for name, value in values.items()])]


@pytest.fixture(scope="session")
def waiver(today):
    return Waiver(criterion="p95", reason="mended in January", approver="CIO", expires=today + timedelta(days=9))


def found(old, new):
    return {c.criterion: (c.before, c.after, c.causes) for c in differences(past(old), new)}


def test_the_same_grading_differs_in_nothing(project, criterion, seen, today):
    card = grade(project, [criterion("p95", blocking=True)], seen(p95=0.1), (), today)
    assert differences(past(card), card) == ()
    assert revoked_by(past(card), card) == ()


def test_a_moved_line_is_named_with_both_values(project, criterion, seen, today):
    old = grade(project, [criterion("p95")], seen(p95=0.35), (), today)
    new = grade(project, [criterion("p95", **{"pass": 0.3})], seen(p95=0.35), (), today)
    (change,) = differences(past(old), new)
    assert (change.before, change.after, change.causes) == (Verdict.PASS, Verdict.FAIL, (Cause.THRESHOLD,))
    assert change.text.en == (
        "“p95 holds” was met, it is not met. The line was “at most 400\u202fms”, it is “at most 300\u202fms”."
    )
    assert change.text.fr.startswith("« p95 tient » : satisfait, puis non satisfait. Le seuil était « at most 400")


def test_a_line_that_moves_without_a_verdict_is_a_change_too(project, criterion, seen, today):
    old = grade(project, [criterion("p95")], seen(p95=0.1), (), today)
    new = grade(project, [criterion("p95", **{"pass": 0.3})], seen(p95=0.1), (), today)
    assert found(old, new) == {"p95": (Verdict.PASS, Verdict.PASS, (Cause.THRESHOLD,))}


def test_what_is_asked_weighed_and_blocked_differently(project, criterion, seen, today):
    values = seen(heavy=0.1, soft=0.1)
    old = grade(project, [criterion(name) for name in ("gone", "heavy", "soft", "here")], values, (), today)
    criteria = [
        criterion("heavy", weight=2.5),
        criterion("soft", blocking=True),
        criterion("fresh"),
        criterion("here", kinds=["api"]),
    ]
    new = grade(project, criteria, values, (), today)
    assert found(old, new) == {
        "gone": (Verdict.UNKNOWN, None, (Cause.REMOVED,)),
        "fresh": (None, Verdict.UNKNOWN, (Cause.ADDED,)),
        "heavy": (Verdict.PASS, Verdict.PASS, (Cause.WEIGHT,)),
        "soft": (Verdict.PASS, Verdict.PASS, (Cause.BLOCKING,)),
        "here": (Verdict.UNKNOWN, Verdict.NOT_APPLICABLE, (Cause.NOT_ASKED,)),
    }
    heavy = next(c for c in differences(past(old), new) if c.criterion == "heavy")
    assert "Son poids était 1, il est 2,5." in heavy.text.fr


def test_time_alone_lets_evidence_and_waivers_run_out(project, criterion, seen, today, waiver):
    criteria = [criterion("p95"), criterion("short", max_age_days=5), criterion("then", requires=["short"])]
    values = seen(p95=9, short=0.1, then=0.1)
    old = grade(project, criteria, values, [waiver], today)
    new = grade(project, criteria, values, [waiver], today + timedelta(days=12))
    assert found(old, new) == {
        "p95": (Verdict.WAIVED, Verdict.FAIL, (Cause.WAIVER_ENDED,)),
        "short": (Verdict.PASS, Verdict.UNKNOWN, (Cause.EXPIRED,)),
        "then": (Verdict.PASS, Verdict.UNKNOWN, (Cause.PRECONDITION,)),
    }
    assert "counted until 27 November 2026" in {c.criterion: c.text.en for c in differences(past(old), new)}["short"]
    back = grade(project, criteria, values, [waiver], today)
    assert found(new, back)["p95"] == (Verdict.FAIL, Verdict.WAIVED, (Cause.WAIVED,))


def test_other_evidence_is_told_from_another_rule(project, criterion, seen, today):
    old = grade(project, [criterion("p95")], seen(p95=0.1), (), today)
    worse = grade(project, [criterion("p95")], seen(p95=9), (), today)
    assert found(old, worse) == {"p95": (Verdict.PASS, Verdict.FAIL, (Cause.EVIDENCE,))}
    use = grade(project, [criterion("p95", use="high")], seen(p95=0.1), (), today)
    assert found(old, use) == {"p95": (Verdict.PASS, Verdict.UNKNOWN, (Cause.RULE,))}


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_a_scorecard_read_back_is_the_same_past(project, criterion, seen, today, waiver, lang):
    criteria = [criterion("p95", blocking=True), criterion("other", **{"pass": 0.3}), criterion("unseen")]
    card = grade(project, criteria, seen(p95=9, other=0.1), [waiver], today)
    back = read_past(json_report.render(card, lang))
    assert back == past(card, lang)
    assert differences(back, card) == ()


def test_a_scorecard_of_before_there_were_indicators_is_still_read(project, criterion, seen, today):
    document = json_report.document(grade(project, [criterion("p95")], seen(p95=0.1), (), today), "en")
    table = document.model_dump(mode="json", by_alias=True)
    for name in ("indicators", "coverage", "measured_share", "confidence", "validity"):
        del table[name]
    for item in table["criteria"]:
        del item["expires_on"], item["freshness"]
    for item in table["actions"]:
        del item["moves"], item["command"], item["gain_high"]
    del table["project"]["tier"]
    old = json_report.JsonScorecard.model_validate_json(json.dumps(table))
    assert (old.coverage, old.indicators) == (None, ())
    assert read_past(json.dumps(table)).verdicts == {"p95": Verdict.PASS}
    with pytest.raises(ValidationError):
        read_past(b'{"schema": "portance/scorecard/2"}')


# What revokes


def accepted(project, criterion, seen, today, waiver, **changes):
    criteria = [criterion("p95", blocking=True), criterion("side"), criterion("gate", blocking=True)]
    return grade(project, criteria, seen(**{"p95": 9, "side": 0.1, "gate": 0.1, **changes}), [waiver], today)


def test_a_conditional_go_stands_while_nothing_gets_worse(project, criterion, seen, today, waiver):
    first = accepted(project, criterion, seen, today, waiver)
    assert first.decision is Decision.CONDITIONAL
    assert first.condition is not None
    assert first.condition.revocation.en.startswith("Any later assessment revokes it")
    assert revoked_by(past(first), accepted(project, criterion, seen, today, waiver, gate=0.3)) == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"side": 9}, "“side holds” is worse than accepted. 9\u202fs, the line is 400\u202fms."),
        ({"gate": 9}, "“gate holds” is worse than accepted"),
        ({"gate": None}, "“gate holds” has no answer any more"),
    ],
)
def test_a_regression_revokes_it_by_name(project, criterion, seen, today, waiver, changes, says):
    first = accepted(project, criterion, seen, today, waiver)
    (reason,) = revoked_by(past(first), accepted(project, criterion, seen, today, waiver, **changes))
    assert reason.en.startswith(says)
    assert reason.fr


def test_its_day_revokes_it(project, criterion, seen, today, waiver):
    first = accepted(project, criterion, seen, today, waiver)
    longer = waiver.model_copy(update={"expires": today + timedelta(days=200)})
    later = accepted(project, criterion, seen, today + timedelta(days=10), longer)
    (reason,) = revoked_by(past(first), later)
    assert reason.en == "The conditional go ended on 1 December 2026."


def test_a_question_that_disappears_revokes_it(project, criterion, seen, today, waiver):
    first = accepted(project, criterion, seen, today, waiver)
    criteria = [criterion("p95", blocking=True), criterion("gate", blocking=True)]
    fewer = grade(project, criteria, seen(p95=9, gate=0.1), [waiver], today)
    (reason,) = revoked_by(past(first), fewer)
    assert reason.en == "“side” was answered and is no longer asked."


@pytest.mark.parametrize(
    ("low", "says"),
    [(90_000, "only 90,000\u00a0users are held for certain"), (None, "no longer known"), (120_000, None)],
)
def test_fewer_users_than_it_was_given_for_revoke_it(project, criterion, evidence, fact, today, waiver, low, says):
    criteria = [
        criterion("p95", blocking=True),
        criterion("held", fact="load.users_held", unit="users", better="higher", use="low", **{"pass": 50_000}),
    ]

    def held(least):
        users = [] if least is None else [fact("load.users_held", 150_000, "users", low=least, high=200_000)]
        return grade(project, criteria, [evidence([fact("load.p95", 9), *users])], [waiver], today)

    first = held(100_900)
    assert first.condition is not None
    assert first.condition.users_cap == 100_000
    assert "fewer than 100,000" in first.condition.revocation.en
    reasons = [text.en for text in revoked_by(past(first), held(low))]
    assert any(says in text for text in reasons) if says else reasons == []


def test_where_no_go_was_given_there_is_nothing_to_revoke(project, criterion, seen, today):
    closed = grade(project, [criterion("p95", blocking=True)], seen(p95=9), (), today)
    assert revoked_by(past(closed), closed) == ()
