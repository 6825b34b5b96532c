"""The ruling: a policy closes what the decision opened, and nothing opens what it closed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.evidence import Finding, Severity
from scorecard.gating import BUILT_IN, BaselineError, PolicyError, rule
from scorecard.gating.baseline import of_card, of_json
from scorecard.gating.policy import parse
from scorecard.project import Waiver
from scorecard.reports import json_report
from scorecard.scorecard import Decision

TODAY = date(2026, 11, 22)
EARLIER = TODAY - timedelta(days=10)


def ruled(card, text=None, **changes):
    policy = None if text is None else parse(text.encode(), "p.toml", TODAY)
    return rule(card, changes.pop("waivers", ()), today=changes.pop("today", TODAY), policy=policy, **changes)


def said(ruling):
    return [(r.rule, r.certain, r.at) for r in ruling.refusals]


@pytest.mark.parametrize(
    ("values", "decision", "code"),
    [
        ({}, Decision.GO, 0),
        ({"held": 0.35}, Decision.CONDITIONAL, 0),
        ({"kept": 0.5}, Decision.NO_GO, 1),
        ({"kept": None}, Decision.UNDETERMINED, 2),
    ],
)
def test_without_a_policy_the_decision_rules(card, values, decision, code):
    ruling = ruled(card(**values))
    assert (ruling.card.decision, ruling.exit_code, ruling.policy, ruling.refusals) == (decision, code, BUILT_IN, ())


CASES = {
    "a conditional go is not accepted": ({"held": 0.35}, '[gate]\naccept = ["go"]', 1),
    "a conditional go is accepted": ({"held": 0.35}, '[gate]\naccept = ["go", "conditional"]', 0),
    "the grade is reached": ({}, '[gate]\ngrade = "A"', 0),
    "the low end counts": ({"quick": None}, '[gate]\ngrade = "A"', 1),
    "a domain is under its grade": ({"neat": 0.5}, '[gate]\ndomains = { security = "D" }', 1),
    "a domain reaches its grade": ({"quick": 0.5}, '[gate]\ndomains = { security = "A" }', 0),
    "a domain of which nothing applies asks nothing": ({}, '[gate]\ndomains = { change = "A" }', 0),
    "too few answers": ({"quick": None, "neat": None}, '[gate]\ncoverage = "51 %"', 1),
    "enough answers": ({"quick": None, "neat": None}, '[gate]\ncoverage = "50 %"', 0),
    "a promoted question fails": ({"neat": 0.5}, '[gate]\nblocking = ["neat"]', 1),
    "a promoted question is unknown": ({"neat": None}, '[gate]\nblocking = ["neat"]', 2),
    "a promoted question passes": ({}, '[gate]\nblocking = ["neat"]', 0),
    "a certain refusal wins over what cannot be told": (
        {"neat": None, "quick": 0.5},
        '[gate]\nblocking = ["neat", "quick"]',
        1,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_rule_refuses_what_it_should_and_no_more(card, name):
    values, text, code = CASES[name]
    ruling = ruled(card(**values), text)
    assert ruling.exit_code == code
    assert bool(ruling.refusals) == (code != 0)
    assert all(refusal.at.startswith("p.toml:2") for refusal in ruling.refusals)


def test_a_promoted_question_that_is_nearly_met_is_a_condition(card):
    nearly = '[gate]\nblocking = ["held"]\n'
    assert ruled(card(held=0.35), nearly).exit_code == 0
    assert ruled(card(held=0.35), nearly + 'accept = ["go"]').exit_code == 1


@pytest.mark.parametrize(("age", "code"), [(0, 0), (14, 0), (15, 1), (-1, 2)])
def test_a_run_is_refused_when_it_is_too_old_or_from_the_future(card, age, code):
    observed = TODAY - timedelta(days=age)
    made = card(observed=observed, on=max(TODAY, observed))
    ruling = ruled(made, "[gate]\nmax_age_days = 14")
    assert ruling.exit_code == code


def test_a_run_that_is_not_dated_cannot_be_told_old_or_new(card):
    undated = card().model_copy(update={"evidence": ()})
    assert said(ruled(undated, "[gate]\nmax_age_days = 14")) == [("max_age_days", False, "p.toml:2")]


def test_waivers_are_counted_and_expired_ones_are_not(card):
    def waiver(criterion, days):
        return Waiver(
            criterion=criterion, reason="accepted for a time", approver="RSSI", expires=TODAY + timedelta(days=days)
        )

    given = (waiver("kept", 5), waiver("neat", 5), waiver("quick", -1))
    made = card(waivers=given, kept=0.5, neat=0.5)
    ruling = ruled(made, "[gate]\nwaivers = 2", waivers=given)
    assert (ruling.exit_code, [w.criterion for w in ruling.waived]) == (0, ["kept", "neat"])
    assert ruled(made, "[gate]\nwaivers = 1", waivers=given).exit_code == 1


def test_a_policy_that_names_no_criterion_of_the_catalogue_is_refused_with_its_line(card):
    with pytest.raises(PolicyError, match=r"p\.toml:3: blocking: there is no criterion 'nothing'"):
        ruled(card(), '[gate]\ngrade = "C"\nblocking = ["held", "nothing"]')


@pytest.mark.parametrize("key", ["baseline = true", "new_failures = 0", "grade_drop = 0", 'capacity_drop = "1 %"'])
def test_a_rule_on_a_baseline_without_one_never_passes(card, key):
    with pytest.raises(PolicyError, match=r"p\.toml:2: .*needs a baseline, and none was given"):
        ruled(card(), f"[gate]\n{key}")


REGRESSIONS = {
    "nothing changed": ({}, {}, "new_failures = 0\ngrade_drop = 0\nlost_answers = 0", 0),
    "one more failure": ({}, {"neat": 0.5}, "new_failures = 0", 1),
    "as many as are accepted": ({}, {"neat": 0.5}, "new_failures = 1", 0),
    "a failure that was there": ({"neat": 0.5}, {"neat": 0.6}, "new_failures = 0", 0),
    "a failure that nobody had seen": ({"neat": None}, {"neat": 0.5}, "new_failures = 0", 1),
    "an answer lost is no failure": ({}, {"neat": None}, "new_failures = 0", 0),
    "an answer lost": ({}, {"neat": None}, "lost_answers = 0", 1),
    "a lower grade": ({}, {"neat": 0.5}, "grade_drop = 0", 1),
    "the users held are not known": ({}, {}, 'capacity_drop = "10 %"', 2),
}


@pytest.mark.parametrize("name", REGRESSIONS)
def test_a_regression_is_refused(card, name):
    before, now, rules, code = REGRESSIONS[name]
    baseline = of_card(card(on=EARLIER, observed=EARLIER, **before), "runs/before")
    assert ruled(card(**now), f"[gate]\n{rules}", baseline=baseline).exit_code == code


@pytest.mark.parametrize(("users", "code"), [(100_000, 0), (90_000, 0), (89_999, 1), (None, 2)])
def test_capacity_may_fall_by_the_share_that_is_accepted(card, users, code):
    def holding(made, low):
        return made.model_copy(update={"capacity": made.capacity.model_copy(update={"users_low": low})})

    baseline = of_card(holding(card(on=EARLIER, observed=EARLIER), 100_000), "before")
    assert ruled(holding(card(), users), '[gate]\ncapacity_drop = "10 %"', baseline=baseline).exit_code == code


FINDINGS = {
    "none new": ((), (), "high = 0", 0),
    "a new one": ((), ("high",), "high = 0", 1),
    "one that was there": (("high",), ("high",), "high = 0", 0),
    "a graver one counts": ((), ("critical",), "medium = 0", 1),
    "a lesser one does not": ((), ("medium",), "high = 0", 0),
    "as many as are accepted": ((), ("low",), "high = 0, low = 1", 0),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_new_findings_are_refused_by_their_severity(card, name):
    before, now, rule, code = FINDINGS[name]
    baseline = of_card(finding_of(card(on=EARLIER, observed=EARLIER), *before), "runs/before")
    ruling = ruled(finding_of(card(), *now), f"[gate]\nnew_findings = {{ {rule} }}", baseline=baseline)
    assert ruling.exit_code == code
    assert all("r (a.py:1)" in refusal.text.en for refusal in ruling.refusals)


def test_new_findings_cannot_be_told_where_nobody_looked_again(card):
    rule = "[gate]\nnew_findings = { high = 0 }"
    earlier = finding_of(card(on=EARLIER, observed=EARLIER))
    silent = finding_of(card())
    gone = silent.model_copy(update={"evidence": tuple(e for e in silent.evidence if e.name != "code")})
    assert ruled(gone, rule, baseline=of_card(earlier, "b")).exit_code == 2
    of_file = of_json(json_report.render(earlier, "en").encode(), "scorecard.json")
    assert ruled(silent, rule, baseline=of_file).exit_code == 2


def finding_of(made, *severities):
    """``made`` with the evidence of a scan of the code that found one thing of each severity."""
    found = tuple(
        Finding(category="code", rule="r", severity=Severity(one), location="a.py:1", message="m", fingerprint=one)
        for one in severities
    )
    scan = made.evidence[0].model_copy(update={"name": "code", "collector": "security", "findings": found}).sealed()
    return made.model_copy(update={"evidence": (*made.evidence, scan)})


def test_a_scorecard_json_is_the_same_baseline_as_its_card(card):
    made = card(on=EARLIER, observed=EARLIER, neat=0.5, quick=None, held=0.35)
    for lang in ("en", "fr"):
        assert of_json(json_report.render(made, lang).encode(), "x") == of_card(made, "x", lang)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"schema": "portance/scorecard/1"}'])
def test_a_baseline_that_is_no_scorecard_is_refused(content):
    with pytest.raises(BaselineError, match="no scorecard"):
        of_json(content, "b.json")


def test_a_baseline_that_no_run_could_fall_behind_is_refused(card):
    now = card()
    empty = card(on=EARLIER, observed=EARLIER, held=None, kept=None, quick=None, neat=None)
    other = now.model_copy(update={"project": now.project.model_copy(update={"name": "Other"})})
    later = card(on=TODAY + timedelta(days=1), neat=0.2)
    for baseline, reason in (
        (empty, "empty"),
        (other, "another project"),
        (later, "after this run"),
        (now, "this very"),
    ):
        with pytest.raises(BaselineError, match=reason):
            ruled(now, baseline=of_card(baseline, "b"))


def test_a_conditional_go_is_revoked_by_a_regression_and_ends_on_its_day(card):
    before = of_card(card(on=EARLIER, observed=EARLIER, held=0.35), "before")
    assert ruled(card(held=0.36), baseline=before).exit_code == 0
    assert said(ruled(card(held=0.35, neat=0.5), baseline=before)) == [("revoked", True, "before")]
    from_go = of_card(card(on=EARLIER, observed=EARLIER), "before")
    assert ruled(card(held=0.35), baseline=from_go).exit_code == 1
    old = TODAY - timedelta(days=91)
    ended = of_card(card(on=old, observed=old, held=0.35), "before")
    assert [r.text.fr for r in ruled(card(held=0.35), baseline=ended).refusals] == [
        "Le feu vert sous conditions a pris fin le 21 novembre 2026."
    ]
    assert ruled(card(), baseline=ended).exit_code == 0  # a go stands by itself
    refused_before = of_card(card(on=EARLIER, observed=EARLIER, kept=0.5), "before")
    assert ruled(card(held=0.35), baseline=refused_before).exit_code == 0


LETTERS = st.sampled_from(["A", "B", "C", "D", "E"])
VALUES = st.sampled_from([None, 0.1, 0.35, 0.5])
RULE = st.one_of(
    st.sampled_from(['accept = ["go"]', 'accept = ["go", "conditional"]']),
    LETTERS.map(lambda letter: f'grade = "{letter}"'),
    LETTERS.map(lambda letter: f'domains = {{ security = "{letter}" }}'),
    st.integers(1, 100).map(lambda share: f'coverage = "{share} %"'),
    st.integers(1, 30).map(lambda days: f"max_age_days = {days}"),
    st.sampled_from(["held", "quick", "neat"]).map(lambda name: f'blocking = ["{name}"]'),
    st.integers(0, 2).map(lambda most: f"new_failures = {most}"),
    st.integers(0, 2).map(lambda most: f"lost_answers = {most}"),
)


@given(data=st.data())
def test_no_policy_and_no_baseline_ever_opens_what_the_decision_closed(card, data):
    values = {name: data.draw(VALUES, label=name) for name in ("held", "kept", "quick", "neat")}
    rules = data.draw(st.lists(RULE, min_size=1, max_size=4, unique_by=lambda rule: rule.split(" ")[0]), label="rules")
    before = {name: data.draw(VALUES, label=f"{name} before") for name in ("held", "kept", "quick", "neat")}
    made = card(**values)
    baseline = of_card(card(on=EARLIER, observed=EARLIER, **before), "before")
    try:
        ruling = ruled(made, "[gate]\n" + "\n".join(rules), baseline=baseline)
    except BaselineError:
        assert all(value is None for value in before.values())
        return
    assert (ruling.exit_code == 0) <= (made.decision.exit_code == 0)
    if made.decision.exit_code != 0:
        assert ruling.exit_code == made.decision.exit_code
    alone = ruled(made, "[gate]\n" + rules[0], baseline=baseline)
    assert ruling.exit_code >= min(alone.exit_code, 1)  # a rule more never opens
