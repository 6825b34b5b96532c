"""A verdict: what passes, what fails, and everything that is unknown, with its reason."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from scorecard.evidence import Fact, Status, Text, Unit, broken
from scorecard.grading import grade
from scorecard.scorecard import Verdict


@pytest.fixture(scope="session")
def judge(project, today):
    """The judged criterion of a catalogue of one (or of the last of several)."""

    def run(criteria, evidence, on=today, of=project):
        many = criteria if isinstance(criteria, list) else [criteria]
        card = grade(of, many, evidence, (), on)
        return next(j for j in card.judged if j.criterion.id == many[-1].id)

    return run


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.39, "pass"), (0.4, "pass"), (0.40001, "warn"), (0.8, "warn"), (0.8001, "fail"), (0, "pass")],
)
def test_a_number_on_the_threshold_is_on_its_good_side(judge, criterion, evidence, fact, value, verdict):
    assert judge(criterion("p95", warn=0.8), [evidence([fact("load.p95", value)])]).verdict == verdict


@pytest.mark.parametrize(("value", "verdict"), [(0.399, "pass"), (0.4, "warn"), (0.799, "warn"), (0.8, "fail")])
def test_an_exclusive_threshold_is_on_its_bad_side(judge, criterion, evidence, fact, value, verdict):
    exclusive = criterion("p95", warn=0.8, exclusive=True)
    assert judge(exclusive, [evidence([fact("load.p95", value)])]).verdict == verdict


@pytest.mark.parametrize(("value", "verdict"), [(8, "pass"), (7.99, "warn"), (5, "warn"), (4.99, "fail")])
def test_higher_is_better_where_the_criterion_says_so(judge, criterion, evidence, fact, value, verdict):
    mark = criterion("mark", unit="/10", better="higher", **{"pass": 8, "warn": 5})
    assert judge(mark, [evidence([fact("load.mark", value, "/10")])]).verdict == verdict


def test_a_percentage_on_its_threshold_passes_in_spite_of_binary_fractions(criterion, evidence, fact, judge, project):
    lax = project.model_copy(update={"objectives": project.objectives.model_copy(update={"error_rate": 0.7 * 0.01})})
    errors = criterion("errors", unit="1", **{"pass": {"of": "objectives.error_rate"}})
    assert 0.7 * 0.01 < 0.007  # the trap
    assert judge(errors, [evidence([fact("load.errors", 0.007, "1")])], of=lax).verdict is Verdict.PASS
    assert judge(errors, [evidence([fact("load.errors", 0.00701, "1")])], of=lax).verdict is Verdict.FAIL


def test_the_low_end_is_judged_where_the_criterion_asks_for_it(judge, criterion, evidence, fact):
    users = criterion("users", unit="users", better="higher", use="low", **{"pass": {"of": "project.users"}})
    seen = fact("load.users", 310_000, "users", low=290_000, high=330_000)
    found = judge(users, [evidence([seen])])
    assert found.verdict is Verdict.FAIL
    assert "290,000" in found.reason.en
    assert "330\u202f000" in found.reason.fr


def test_a_value_is_no_stand_in_for_a_missing_low_end(judge, criterion, evidence, fact):
    users = criterion("users", unit="users", better="higher", use="low", **{"pass": 10})
    found = judge(users, [evidence([fact("load.users", 310_000, "users")])])
    assert found.verdict is Verdict.UNKNOWN
    assert "lower bound" in found.reason.en


def test_one_is_not_true(judge, criterion, evidence):
    open_ = criterion("open", unit="bool", better="equal", **{"pass": True})
    assert judge(open_, [evidence([Fact(id="load.open", value=True, unit=Unit.YES_NO)])]).verdict is Verdict.PASS
    assert judge(open_, [evidence([Fact(id="load.open", value=1, unit=Unit.COUNT)])]).verdict is Verdict.UNKNOWN


def test_a_word_passes_warns_or_fails(judge, criterion, evidence, fact):
    online = criterion("online", unit="text", better="equal", **{"pass": "yes", "warn": "partly"})
    verdicts = [judge(online, [evidence([fact("load.online", w, "text")])]).verdict for w in ("yes", "partly", "no")]
    assert verdicts == [Verdict.PASS, Verdict.WARN, Verdict.FAIL]


def test_a_kind_that_is_not_listed_is_not_asked(judge, criterion, evidence, fact):
    found = judge(criterion("p95", kinds=["api"]), [evidence([fact("load.p95", 9)])])
    assert found.verdict is Verdict.NOT_APPLICABLE


def test_missing_evidence_is_unknown_and_named(judge, criterion):
    found = judge(criterion("p95"), [])
    assert found.verdict is Verdict.UNKNOWN
    assert "“load”" in found.reason.en


def test_broken_evidence_is_unknown_with_the_collectors_own_reason(judge, criterion):
    reason = Text(en="Locust could not start.", fr="Locust n’a pas démarré.")
    found = judge(criterion("p95"), [broken("load", "Aid", reason)])
    assert found.verdict is Verdict.UNKNOWN
    assert "Locust could not start." in found.reason.en
    assert "Locust n’a pas démarré." in found.reason.fr


@pytest.mark.parametrize("status", [Status.ERROR, Status.SKIPPED])
def test_a_value_in_failed_evidence_does_not_count(judge, criterion, evidence, fact, status):
    found = judge(criterion("p95"), [evidence([fact("load.p95", 0.1)], status=status)])
    assert found.verdict is Verdict.UNKNOWN
    assert "gave up" in found.reason.en
    assert found.fact is None


def test_a_value_in_degraded_evidence_counts_and_a_missing_one_says_why(judge, criterion, evidence, fact):
    half = evidence([fact("load.p95", 0.1)], status=Status.DEGRADED)
    assert judge(criterion("p95"), [half]).verdict is Verdict.PASS
    missing = judge(criterion("p99"), [half])
    assert missing.verdict is Verdict.UNKNOWN
    assert "gave up" in missing.reason.en


def test_a_fact_without_value_is_unknown_with_its_own_reason(judge, criterion, evidence, fact):
    found = judge(criterion("p95"), [evidence([fact("load.p95", None)])])
    assert (found.verdict, found.reason.en) == (Verdict.UNKNOWN, "The tool saw nothing.")


def test_a_fact_that_stands_twice_is_unknown_wherever_it_stands(judge, criterion, evidence, fact):
    good, bad = fact("load.p95", 0.1), fact("load.p95", 9)
    for doubled in (
        [evidence([good, bad])],
        [evidence([good]), evidence([bad])],
        [evidence([good]), evidence([bad], name="other")],
    ):
        found = judge(criterion("p95"), doubled)
        assert found.verdict is Verdict.UNKNOWN
        assert "2 times" in found.reason.en


def test_another_unit_is_unknown(judge, criterion, evidence, fact):
    found = judge(criterion("p95"), [evidence([fact("load.p95", 0.1, "1")])])
    assert found.verdict is Verdict.UNKNOWN
    assert "“1”" in found.reason.en


def test_the_same_fact_in_another_evidence_is_no_help(judge, criterion, evidence, fact):
    found = judge(criterion("p95"), [evidence(), evidence([fact("load.p95", 0.1)], name="other")])
    assert found.verdict is Verdict.UNKNOWN


def test_evidence_counts_for_its_days_and_not_one_more(judge, criterion, evidence, fact, today):
    seen = [evidence([fact("load.p95", 0.1)])]
    assert judge(criterion("p95"), seen, on=today + timedelta(days=30)).verdict is Verdict.PASS
    stale = judge(criterion("p95"), seen, on=today + timedelta(days=31))
    assert stale.verdict is Verdict.UNKNOWN
    assert "31 days ago" in stale.reason.en


def test_evidence_from_the_future_is_unknown(judge, criterion, evidence, fact, today):
    found = judge(criterion("p95"), [evidence([fact("load.p95", 0.1)])], on=today - timedelta(days=1))
    assert found.verdict is Verdict.UNKNOWN
    assert "future" in found.reason.en


def test_evidence_of_another_project_is_unknown(judge, criterion, evidence, fact):
    found = judge(criterion("p95"), [evidence([fact("load.p95", 0.1)], project="Other")])
    assert found.verdict is Verdict.UNKNOWN
    assert "“Other”" in found.reason.en


def test_a_declaration_counts_with_its_own_date_owner_and_link(judge, criterion, evidence, fact):
    rehearsed = criterion(
        "restore", basis="declared", evidence="declarations", fact="declared.restore", unit="bool", better="equal",
        **{"pass": True, "max_age_days": 100},
    )  # fmt: skip
    fresh = fact("declared.restore", True, "bool", observed_on=date(2026, 9, 1), source="Ann, https://proof")
    found = judge(rehearsed, [evidence([fresh], name="declarations")])
    assert found.verdict is Verdict.PASS
    assert "1 September 2026 by Ann, https://proof" in found.reason.en
    old = fresh.model_copy(update={"observed_on": date(2026, 1, 1)})
    assert judge(rehearsed, [evidence([old], name="declarations")]).verdict is Verdict.UNKNOWN
    anonymous = fresh.model_copy(update={"source": ""})
    assert judge(rehearsed, [evidence([anonymous], name="declarations")]).verdict is Verdict.UNKNOWN
    assert judge(rehearsed, [evidence([], name="declarations")]).verdict is Verdict.UNKNOWN


def test_what_a_criterion_requires_must_pass_first(judge, criterion, evidence, fact):
    errors = criterion("errors", unit="1", **{"pass": 0.01})
    p95 = criterion("p95", requires=["errors"])
    for rate, verdict in ((0.01, Verdict.PASS), (0.5, Verdict.UNKNOWN)):
        seen = [evidence([fact("load.errors", rate, "1"), fact("load.p95", 0.1)])]
        found = judge([errors, p95], seen)
        assert found.verdict is verdict
        assert (found.fact is None) == (verdict is Verdict.UNKNOWN)
    assert "“errors holds”" in found.reason.en
    assert judge([errors, p95], [evidence([fact("load.p95", 0.1)])]).verdict is Verdict.UNKNOWN
    assert judge([p95], [evidence([fact("load.p95", 0.1)])]).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("judges", "kinds", "verdict"),
    [
        ("measurement", ["api"], Verdict.PASS),  # not asked of this kind of service, by the project file
        ("measurement", ["online-procedure"], Verdict.UNKNOWN),
        ("service", ["api"], Verdict.UNKNOWN),  # the catalogue refuses it; grading lets nothing through either
    ],
)
def test_a_precondition_is_dropped_only_where_the_measurement_needs_none(
    judge, criterion, evidence, fact, judges, kinds, verdict
):
    precondition = criterion("asked", judges=judges, kinds=kinds)
    found = judge([precondition, criterion("p95", requires=["asked"])], [evidence([fact("load.p95", 0.1)])])
    assert found.verdict is verdict


def test_criteria_that_require_each_other_are_refused(judge, criterion, evidence, fact):
    one, two = criterion("one", requires=["two"]), criterion("two", requires=["one"])
    seen = [evidence([fact("load.one", 0.1), fact("load.two", 0.1)])]
    with pytest.raises(ValueError, match="require each other"):
        judge([one, two], seen)


def test_a_bad_measurement_is_unknown_and_not_a_failure_of_the_service(judge, criterion, evidence, fact):
    lag = criterion("lag", judges="measurement", **{"pass": 0.1})
    p95 = criterion("p95", requires=["lag"])
    seen = [evidence([fact("load.lag", 3), fact("load.p95", 9)])]
    assert judge(lag, seen).verdict is Verdict.UNKNOWN
    assert judge([lag, p95], seen).verdict is Verdict.UNKNOWN
    assert judge(lag, [evidence([fact("load.lag", 0.1)])]).verdict is Verdict.PASS


def test_a_reason_shows_the_digits_that_tell_a_value_from_its_threshold(judge, criterion, evidence, fact):
    found = judge(criterion("p95"), [evidence([fact("load.p95", 0.4004)])])
    assert found.reason.en == "400.4\u202fms, the line is 400\u202fms."
    assert found.reason.fr == "400,4\u202fms, le seuil est de 400\u202fms."
    plain = judge(criterion("p95", **{"pass": 0.8}), [evidence([fact("load.p95", 1.2)])])
    assert plain.reason.en == "1.2\u202fs, the line is 800\u202fms."
