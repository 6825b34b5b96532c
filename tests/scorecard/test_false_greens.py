"""False greens seen in real tools, each tried on grading.

Numbers follow the list of the project's facts on public indicators. Two more have their home in other rooms as well:
10 (a dead server answers fast) and 11 (percentiles rounded to two digits) in the tests of ``loadtests``, where the
figures are made; here they are tried on how the figures are judged.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from scorecard.criteria import Criterion, catalogue
from scorecard.evidence import Status, Text, broken
from scorecard.grading import grade
from scorecard.project import Waiver
from scorecard.reports import json_report, junit, markdown
from scorecard.scorecard import Decision, Verdict


@pytest.fixture(scope="session")
def load_criteria(shipped) -> list[Criterion]:
    return [c for c in shipped if c.evidence == "load"]


def test_false_green_01_no_samples_pass_no_threshold(project, load_criteria, evidence, fact, today):
    facts = [fact(c.fact, 0, c.unit.value, low=0, high=0) for c in load_criteria if c.better == "lower"]
    assert "load.requests" not in {f.id for f in facts}
    for requests in ([], [fact("load.requests", 0, "count")]):
        card = grade(project, load_criteria, [evidence([*facts, *requests])], (), today)
        passed = {j.criterion.id for j in card.judged if j.verdict is Verdict.PASS and j.criterion.judges == "service"}
        assert passed == set()
        assert card.decision is Decision.UNDETERMINED


def test_false_green_02_no_criteria_or_no_history_is_no_pass(project, evidence, today, shipped):
    assert grade(project, [], [evidence()], (), today).decision is Decision.UNDETERMINED
    assert grade(project, shipped, [], (), today).decision is Decision.UNDETERMINED


def test_false_green_02_an_empty_catalogue_folder_decides_nothing(project, evidence, today, tmp_path):
    assert grade(project, catalogue(tmp_path), [evidence()], (), today).decision is Decision.UNDETERMINED


def test_false_green_03_an_empty_domain_has_no_grade_rather_than_the_best(project, criterion, evidence, fact, today):
    card = grade(project, [criterion("p95")], [evidence([fact("load.p95", 0.1)])], (), today)
    grades = {d.id.value: d.grade for d in card.domains}
    assert grades.pop("capacity") is not None
    assert set(grades.values()) == {None}
    assert "does not apply" in markdown.render(card, "en")


def test_false_green_04_nothing_counted_earns_nothing(project, criterion, evidence, today):
    only_others = [criterion("p95", kinds=["api"], blocking=True)]
    card = grade(project, only_others, [evidence()], (), today)
    assert (card.grade.score_high, card.grade.high, card.decision) == (0.0, "F", Decision.UNDETERMINED)


def test_false_green_05_a_waived_or_excluded_criterion_is_not_done(project, criterion, evidence, fact, today):
    waiver = Waiver(
        criterion="bad", reason="mended in January", approver="CIO", expires=today + timedelta(days=1)
    )  # fmt: skip
    criteria = [criterion("bad"), criterion("good"), criterion("other", kinds=["api"])]
    seen = [evidence([fact("load.bad", 9), fact("load.good", 0.1)])]
    card = grade(project, criteria, seen, [waiver], today)
    assert card.grade.score_high == 0.5
    assert "skipped" in junit.render(card, "en")


def test_false_green_06_no_view_leaves_the_threshold_out(project, shipped, evidence, today):
    card = grade(project, shipped, [evidence()], (), today)
    assert all(j.threshold.en and j.threshold.fr for j in card.judged)
    document = json_report.document(card, "en")
    assert all(c.threshold for c in document.criteria)
    assert junit.render(card, "en").count('name="threshold"') == len(card.judged)


def test_false_green_07_all_reports_give_one_verdict(project, criterion, evidence, fact, today):
    many = [criterion(f"good{n}") for n in range(30)]
    facts = [fact(f"load.good{n}", 0.1) for n in range(30)] + [fact("load.bad", 9)]
    card = grade(project, [*many, criterion("bad", blocking=True)], [evidence(facts)], (), today)
    assert card.grade.score_high > 0.9  # the trap: 97 % beside a no go
    assert (card.grade.high, card.decision.exit_code) == ("D", 1)
    assert '"decision": "no_go"' in json_report.render(card, "en")
    assert "No go" in markdown.render(card, "en").splitlines()[0]
    assert "97" not in markdown.render(card, "en")
    assert 'failures="1"' in junit.render(card, "en")


@pytest.mark.parametrize(("better", "verdict"), [("higher", Verdict.FAIL), ("lower", Verdict.PASS)])
def test_false_green_08_a_measured_zero_stays_zero(project, criterion, evidence, fact, today, better, verdict):
    share = criterion("share", unit="1", better=better, **{"pass": 0.9})
    for zero in (0, 0.0):
        judged = grade(project, [share], [evidence([fact("load.share", zero, "1")])], (), today).judged[0]
        assert judged.verdict is verdict
        assert judged.reason.en.startswith("0%")


def test_false_green_09_a_missing_file_or_a_strange_value_is_unknown(project, criterion, evidence, fact, today):
    level = criterion("level", unit="text", better="equal", blocking=True, **{"pass": "A"})
    missing = grade(project, [level], [], (), today, [Text(en="load.json: missing", fr="load.json : absent")])
    assert missing.judged[0].verdict is Verdict.UNKNOWN
    assert missing.problems[0].en == "load.json: missing"
    assert missing.decision is Decision.UNDETERMINED
    strange = grade(project, [level], [evidence([fact("load.level", "???", "text")])], (), today)
    assert strange.judged[0].verdict is Verdict.FAIL
    crashed = grade(project, [level], [broken("load", "Aid", Text(en="crashed", fr="planté"))], (), today)
    assert crashed.judged[0].verdict is Verdict.UNKNOWN


def test_false_green_10_a_dead_server_passes_no_latency_threshold(project, load_criteria, evidence, fact, today):
    dead = {
        "load.error_rate": fact("load.error_rate", 1.0, "1"),
        "load.peak_error_rate": fact("load.peak_error_rate", 1.0, "1"),
        "load.requests": fact("load.requests", 50_000, "count"),
        "load.users_held": fact("load.users_held", 9_000_000, "users", low=9_000_000, high=9_000_000),
        "load.headroom": fact("load.headroom", 50.0, "1"),
        **{n: fact(n, 0.0006) for n in ("load.p95", "load.peak_p95", "load.generator_lag_p99")},
        "load.generator_cpu": fact("load.generator_cpu", 0.1, "1"),
    }
    card = grade(project, load_criteria, [evidence(dead.values())], (), today)
    verdicts = {j.criterion.id: j.verdict for j in card.judged}
    for name in ("capacity.p95", "capacity.peak-p95", "user-service.load-time-at-peak"):
        assert verdicts[name] is Verdict.UNKNOWN, name
    assert verdicts["capacity.errors-at-peak"] is Verdict.FAIL
    assert card.decision is Decision.NO_GO
    alive = dead | {n: fact(n, 0.0, "1") for n in ("load.error_rate", "load.peak_error_rate")}  # the control
    verdicts = {
        j.criterion.id: j.verdict
        for j in grade(project, load_criteria, [evidence(alive.values())], (), today).judged
    }  # fmt: skip
    assert verdicts["capacity.p95"] is Verdict.PASS


def test_false_green_11_nothing_is_rounded_before_it_is_compared(project, criterion, evidence, fact, today):
    rate = criterion("time", **{"pass": 0.8})
    judged = grade(project, [rate], [evidence([fact("load.time", 0.8049)])], (), today).judged[0]
    assert judged.verdict is Verdict.FAIL
    assert judged.reason.en == "805\u202fms, the line is 800\u202fms."
    near = grade(project, [rate], [evidence([fact("load.time", 0.80049)])], (), today).judged[0]
    assert near.verdict is Verdict.FAIL
    assert near.reason.en.startswith("800.5\u202fms")


def test_degraded_evidence_earns_only_what_it_saw(project, criterion, evidence, fact, today):
    half = evidence([fact("load.one", 0.1), fact("load.two", None)], status=Status.DEGRADED)
    card = grade(project, [criterion("one"), criterion("two")], [half], (), today)
    assert (card.grade.score_low, card.grade.score_high) == (0.5, 1.0)
