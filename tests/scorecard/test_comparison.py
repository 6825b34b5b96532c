"""Two states of a service side by side: what got worse comes first; what is not known is never "no regression"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scorecard.comparison import Comparison, ComparisonError, Movement, Outcome, Turn, compare
from scorecard.evidence import Machine
from scorecard.grading import grade
from scorecard.project import Waiver
from scorecard.scorecard import Decision, Scorecard


@pytest.fixture
def card(project, criterion, evidence, fact, today) -> Callable[..., Scorecard]:
    """A card of one run: blocking "p95" (at most 0.4 s, warns to 0.8), "errors" (share), "findings" (exact count)."""
    criteria = [
        criterion("p95", blocking=True, warn=0.8),
        criterion("errors", unit="1", **{"pass": 0.01}),
        criterion("findings", evidence="code", fact="code.findings", unit="count", **{"pass": 0}),
    ]

    def build(
        p95: float | None = 0.2, errors: float | None = 0.0, findings: int | None = 0, **changes: Any
    ) -> Scorecard:
        extra = changes.get("facts", ())
        found = [
            evidence([fact("load.p95", p95), fact("load.errors", errors, "1"), *extra]),
            evidence([fact("code.findings", findings, "count")], name="code").model_copy(
                update={"collector": "security"}
            ),
        ]
        if cpu := changes.get("cpu"):
            provenance = found[0].provenance
            machine = Machine(system="Linux", cpu=cpu, cores=2, memory_bytes=1, python="3.11")
            found[0] = found[0].model_copy(update={"provenance": provenance.model_copy(update={"machine": machine})})
        asked = [c for c in criteria if c.id not in changes.get("unasked", ())]
        return grade(changes.get("project", project), asked, found, changes.get("waivers", ()), today)

    return build


def turns(found: Comparison) -> dict[str, Turn]:
    return {change.criterion: change.turn for change in found.changes}


def movements(found: Comparison) -> dict[str, Movement]:
    return {figure.fact: figure.movement for figure in found.figures}


def test_a_run_beside_itself_shows_nothing(card):
    found = compare([card()], [card()])
    assert (found.outcome, found.changes, found.figures) == (Outcome.NO_REGRESSION, (), ())


def test_a_verdict_that_got_worse_is_a_regression_and_the_way_back_is_none(card):
    worse = compare([card()], [card(p95=1.0)])
    assert (worse.outcome, worse.outcome.exit_code) == (Outcome.REGRESSION, 1)
    assert turns(worse) == {"p95": Turn.REGRESSION}
    assert worse.decision == (Decision.GO, Decision.NO_GO)
    back = compare([card(p95=1.0)], [card()])
    assert (back.outcome.exit_code, turns(back)) == (0, {"p95": Turn.IMPROVEMENT})


def test_a_warning_after_a_pass_is_a_regression_too(card):
    assert compare([card()], [card(p95=0.5)]).outcome is Outcome.REGRESSION


@pytest.mark.parametrize("before", [0.2, 0.5, 1.0])
def test_an_answer_that_was_lost_is_never_no_regression(card, before):
    found = compare([card(p95=before)], [card(p95=None)])
    assert (found.outcome, found.outcome.exit_code) == (Outcome.INCOMPLETE, 2)
    assert turns(found) == {"p95": Turn.LOST}


def test_a_failure_nobody_had_looked_for_is_not_called_a_regression_nor_none(card):
    found = compare([card(findings=None)], [card(findings=3)])
    assert (found.outcome, turns(found)) == (Outcome.INCOMPLETE, {"findings": Turn.FOUND})
    assert compare([card(findings=None)], [card(findings=0)]).outcome is Outcome.NO_REGRESSION


def test_a_question_that_is_no_longer_asked_is_said(card):
    found = compare([card()], [card(unasked=["findings"])])
    assert (found.outcome, turns(found)) == (Outcome.INCOMPLETE, {"findings": Turn.REMOVED})
    assert compare([card(unasked=["findings"])], [card()]).outcome is Outcome.NO_REGRESSION
    assert compare([card(findings=1, unasked=["findings"])], [card(findings=1)]).outcome is Outcome.INCOMPLETE


def test_a_waiver_makes_no_failure_better(card, today):
    waiver = Waiver(criterion="p95", reason="mended soon", approver="CIO", expires=today)
    accepted = card(p95=1.0, waivers=[waiver])
    assert turns(compare([card(p95=1.0)], [accepted])) == {"p95": Turn.WAIVER}
    assert compare([card()], [accepted]).outcome is Outcome.REGRESSION


def test_regressions_come_first_and_the_blocking_before_the_others(card):
    found = compare([card(findings=None)], [card(p95=1.0, errors=0.5, findings=2)])
    assert [(c.turn, c.blocking) for c in found.changes] == [
        (Turn.REGRESSION, True), (Turn.REGRESSION, False), (Turn.FOUND, False),
    ]  # fmt: skip


def test_one_run_each_tells_no_change_of_a_measured_figure_from_noise(card):
    found = compare([card(p95=0.1)], [card(p95=0.3)])
    assert found.outcome is Outcome.NO_REGRESSION
    (figure,) = found.figures
    assert (figure.movement, figure.runs, figure.needed) == (Movement.TOO_FEW_RUNS, (1, 1), 4)
    assert figure.relative == pytest.approx(2.0)


def test_an_exact_count_needs_one_run_only(card):
    found = compare([card(findings=2)], [card(findings=9)])
    assert (found.outcome, movements(found)) == (Outcome.REGRESSION, {"code.findings": Movement.WORSE})
    assert movements(compare([card(findings=9)], [card(findings=2)])) == {"code.findings": Movement.BETTER}


def test_advisories_that_are_a_day_older_are_no_regression(project, criterion, evidence, fact, today):
    asked = [criterion("age", evidence="code", fact="code.age", unit="d", **{"pass": 30})]

    def card(days: int) -> Scorecard:
        found = evidence([fact("code.age", days, "d")], name="code").model_copy(update={"collector": "security"})
        return grade(project, asked, [found], (), today)

    found = compare([card(1)], [card(2)])
    assert (found.outcome, movements(found)) == (Outcome.NO_REGRESSION, {"code.age": Movement.CHANGED})
    assert compare([card(1)], [card(31)]).outcome is Outcome.REGRESSION


def test_several_runs_show_a_slowdown_that_no_threshold_sees(card):
    base = [card(p95=0.10 + i / 1000) for i in range(5)]
    slow = [card(p95=0.14 + i / 1000) for i in range(5)]
    found = compare(base, slow)
    assert (found.outcome, found.changes, movements(found)) == (
        Outcome.REGRESSION, (), {"load.p95": Movement.WORSE},
    )  # fmt: skip
    (figure,) = found.figures
    assert figure.relative == pytest.approx(0.04 / 0.102)
    assert figure.test is not None
    assert figure.test.delta == 1
    assert movements(compare(slow, base)) == {"load.p95": Movement.BETTER}
    assert movements(compare(base[:3], slow[:3])) == {"load.p95": Movement.TOO_FEW_RUNS}


def test_a_sure_shift_below_the_noise_floor_is_no_change(card):
    base = [card(p95=0.100 + i / 10_000) for i in range(5)]
    new = [card(p95=0.103 + i / 10_000) for i in range(5)]
    assert movements(compare(base, new)) == {"load.p95": Movement.WITHIN_NOISE_FLOOR}
    assert movements(compare(base, new, floor=0.01)) == {"load.p95": Movement.WORSE}


def test_runs_that_overlap_are_not_told_from_noise(card):
    random = np.random.default_rng(3)
    base, new = ([card(p95=float(v)) for v in random.uniform(0.1, 0.2, 5)] for _ in range(2))
    found = compare(base, new)
    assert (found.outcome, movements(found)) == (Outcome.NO_REGRESSION, {"load.p95": Movement.NOT_TOLD_FROM_NOISE})


def test_errors_that_begin_at_zero_have_no_share_and_are_still_seen(card):
    base, new = [card() for _ in range(4)], [card(errors=0.004 + i / 1e5) for i in range(4)]
    found = compare(base, new)
    assert (found.figures[0].relative, movements(found)) == (None, {"load.errors": Movement.WORSE})


def test_more_figures_ask_for_more_runs(card):
    base = [card(p95=0.1 + i / 1e4, errors=i / 1e5) for i in range(4)]
    new = [card(p95=0.3 + i / 1e4, errors=0.002 + i / 1e5) for i in range(4)]
    found = compare(base, new)
    assert set(movements(found).values()) == {Movement.TOO_FEW_RUNS}
    assert {figure.needed for figure in found.figures} == {5}


def test_another_machine_is_not_another_service(card):
    base = [card(p95=0.1 + i / 1e4, cpu="fast") for i in range(5)]
    new = [card(p95=0.3 + i / 1e4, cpu="slow") for i in range(5)]
    found = compare(base, new)
    assert (found.outcome, movements(found)) == (Outcome.NO_REGRESSION, {"load.p95": Movement.OTHER_MACHINE})


def test_a_longer_search_is_not_another_service(card):
    def searched(p95: float, profile: str) -> Scorecard:
        one = card(p95=p95)
        load = next(found for found in one.evidence if found.name == "load")
        provenance = load.provenance.model_copy(update={"command": ("locust", f"profile={profile}")})
        found = [load.model_copy(update={"provenance": provenance}), *(e for e in one.evidence if e is not load)]
        return one.model_copy(update={"evidence": tuple(found)})

    base = [searched(0.1 + i / 1e4, "quick") for i in range(5)]
    longer, alike = ([searched(0.3 + i / 1e4, profile) for i in range(5)] for profile in ("full", "quick"))
    assert movements(compare(base, longer)) == {"load.p95": Movement.OTHER_PROFILE}
    assert movements(compare(base, alike)) == {"load.p95": Movement.WORSE}


def test_units_and_unknown_values_are_never_compared(card, fact):
    base = card(facts=[fact("load.size", 5.0, "s"), fact("load.gone", 1.0), fact("load.come", None)])
    new = card(facts=[fact("load.size", 5.0, "req/s"), fact("load.gone", None), fact("load.come", 1.0)])
    assert movements(compare([base], [new])) == {
        "load.size": Movement.OTHER_UNIT, "load.gone": Movement.NO_LONGER_KNOWN, "load.come": Movement.NEWLY_KNOWN,
    }  # fmt: skip


def test_a_fact_that_no_criterion_judges_changes_without_worth(card, fact):
    base, new = (card(facts=[fact("load.route", word, "text")]) for word in ("GET /a", "GET /b"))
    found = compare([base], [new])
    assert (found.outcome, movements(found)) == (Outcome.NO_REGRESSION, {"load.route": Movement.CHANGED})


def test_runs_of_two_projects_or_of_none_are_refused(card, project):
    other = project.model_copy(update={"project": project.project.model_copy(update={"name": "Other"})})
    with pytest.raises(ComparisonError, match="2 projects"):
        compare([card()], [card(project=other)])
    with pytest.raises(ComparisonError, match="no run"):
        compare([], [card()])
    with pytest.raises(ValueError, match="noise floor"):
        compare([card()], [card()], floor=5)
