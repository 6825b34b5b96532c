"""The decision, the grade, the condition, the capacity and the sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scorecard.evidence import Text
from scorecard.grading import grade
from scorecard.grading.decision import CONDITION_DAYS
from scorecard.project import Waiver
from scorecard.scorecard import Decision, Verdict


@pytest.fixture(scope="session")
def held(criterion):
    """The blocking criterion on the users held."""
    return criterion(
        "users", fact="load.users_held", unit="users", better="higher", use="low", blocking=True,
        **{"pass": {"of": "project.users"}},
    )  # fmt: skip


@pytest.fixture(scope="session")
def waiver(today):
    def make(criterion="p95", days=30):
        return Waiver(
            criterion=criterion, reason="mended in January", approver="CIO", expires=today + timedelta(days=days)
        )

    return make


def test_all_blocking_met_and_a_good_grade_is_a_go(project, criterion, evidence, fact, today):
    card = grade(project, [criterion("p95", blocking=True)], [evidence([fact("load.p95", 0.1)])], (), today)
    assert (card.decision, card.grade.low, card.grade.high) == (Decision.GO, "A", "A")
    assert card.condition is None
    assert card.decision_reason.en.startswith("Go: ")


def test_the_sentence_names_the_users_held(project, held, evidence, fact, today):
    seen = [evidence([fact("load.users_held", 210_000, "users", low=182_437, high=240_900)])]
    card = grade(project, [held], seen, (), today)
    assert card.decision is Decision.NO_GO
    assert card.decision_reason.en == "No go today: it holds 182,000 to 240,000 of 300,000\xa0users."
    assert card.decision_reason.fr == (
        "Pas de feu vert aujourd’hui : il peut accueillir de 182\u202f000 à 240\u202f000 des "
        "300\u202f000\xa0usagers attendus."
    )
    assert (card.capacity.users, card.capacity.users_low) == (210_000, 182_437)


def test_the_sentence_names_what_is_unknown(project, criterion, evidence, today):
    blocking = [criterion(name, blocking=True) for name in ("a", "b", "c", "d", "e")]
    card = grade(project, blocking, [evidence()], (), today)
    assert card.decision is Decision.UNDETERMINED
    assert card.decision_reason.en == (
        "Undetermined: how many users it holds is not known; "
        "5 blocking questions have no answer, among them “a holds”, “b holds” and “c holds”."
    )


@pytest.mark.parametrize("with_criteria", [True, False])
def test_an_empty_run_is_undetermined_with_the_worst_low_grade(project, criterion, today, with_criteria):
    criteria = [criterion("p95", blocking=True)] if with_criteria else []
    card = grade(project, criteria, [], (), today)
    assert (card.decision, card.decision.exit_code, card.grade.low) == (Decision.UNDETERMINED, 2, "F")


def test_without_a_blocking_criterion_nothing_is_decided(project, criterion, evidence, fact, today):
    card = grade(project, [criterion("p95")], [evidence([fact("load.p95", 0.1)])], (), today)
    assert card.decision is Decision.UNDETERMINED


def test_no_evidence_decides_nothing_even_when_nothing_applies(project, criterion, today):
    card = grade(project, [criterion("p95", kinds=["api"], blocking=True)], [], (), today)
    assert card.decision is Decision.UNDETERMINED
    assert (card.grade.low, card.grade.high) == ("F", "F")
    assert all(d.grade is None for d in card.domains)


def test_a_blocking_failure_closes_the_gate_and_caps_both_ends_at_d(project, criterion, evidence, fact, today):
    many = [criterion(f"good{n}") for n in range(30)]
    facts = [fact(f"load.good{n}", 0.1) for n in range(30)] + [fact("load.bad", 9)]
    card = grade(project, [*many, criterion("bad", blocking=True)], [evidence(facts)], (), today)
    assert (card.decision, card.grade.low, card.grade.high) == (Decision.NO_GO, "D", "D")
    capacity = next(d for d in card.domains if d.id == "capacity")
    assert capacity.grade is not None
    assert capacity.grade.high == "D"


def test_a_blocking_unknown_caps_the_low_end_only(project, criterion, evidence, fact, today):
    many = [criterion(f"good{n}") for n in range(30)]
    facts = [fact(f"load.good{n}", 0.1) for n in range(30)]
    card = grade(project, [*many, criterion("unseen", blocking=True)], [evidence(facts)], (), today)
    assert (card.decision, card.grade.low, card.grade.high) == (Decision.UNDETERMINED, "D", "A")


def test_a_blocking_warning_makes_a_conditional_go_that_ends(project, criterion, held, evidence, fact, today):
    facts = [fact("load.p95", 0.5), fact("load.users_held", 400_000, "users", low=350_000, high=420_000)]
    criteria = [criterion("p95", blocking=True, warn=0.8), held]
    card = grade(project, criteria, [evidence(facts)], (), today)
    assert (card.decision, card.decision.exit_code) == (Decision.CONDITIONAL, 0)
    assert card.condition is not None
    assert card.condition.users_cap == 300_000  # never above the users of the project
    assert card.condition.until == today + timedelta(days=CONDITION_DAYS)
    assert card.condition.because == ("p95",)
    assert "20 February 2027" in card.decision_reason.en


def test_a_low_grade_makes_the_go_conditional(project, criterion, evidence, fact, today):
    criteria = [criterion("p95", blocking=True), *(criterion(f"unseen{n}") for n in range(5))]
    card = grade(project, criteria, [evidence([fact("load.p95", 0.1)])], (), today)
    assert card.decision is Decision.CONDITIONAL
    assert card.condition is not None
    assert card.condition.because == ()
    assert "F to A" in card.decision_reason.en


def test_a_waived_failure_opens_the_gate_until_it_expires_and_earns_nothing(
    project, criterion, evidence, fact, today, waiver
):
    criteria, seen = [criterion("p95", blocking=True)], [evidence([fact("load.p95", 9)])]
    card = grade(project, criteria, seen, [waiver(days=30)], today)
    assert card.judged[0].verdict is Verdict.WAIVED
    assert card.judged[0].waiver == Text(
        en="Accepted until 22 December 2026 by CIO: mended in January",
        fr="Accepté jusqu’au 22 décembre 2026 par CIO : mended in January",
    )
    assert card.decision is Decision.CONDITIONAL
    assert card.condition is not None
    assert card.condition.until == today + timedelta(days=30)
    unwaived = grade(project, criteria, seen, [], today)
    assert card.grade == unwaived.grade
    assert card.problems == ()


def test_a_waiver_counts_on_its_last_day_and_not_after(project, criterion, evidence, fact, today, waiver):
    criteria, seen = [criterion("p95", blocking=True)], [evidence([fact("load.p95", 9)])]
    assert grade(project, criteria, seen, [waiver(days=0)], today).decision is Decision.CONDITIONAL
    expired = grade(project, criteria, seen, [waiver(days=-1)], today)
    assert expired.decision is Decision.NO_GO
    assert "expired on 21 November 2026" in expired.problems[0].en


def test_a_waiver_never_covers_an_unknown(project, criterion, evidence, today, waiver):
    card = grade(project, [criterion("p95", blocking=True)], [evidence()], [waiver()], today)
    assert (card.judged[0].verdict, card.decision) == (Verdict.UNKNOWN, Decision.UNDETERMINED)
    assert "covers a failure" in card.problems[0].en


def test_a_waiver_without_effect_is_listed(project, criterion, evidence, fact, today, waiver):
    criteria, seen = [criterion("p95", blocking=True)], [evidence([fact("load.p95", 0.1)])]
    useless = grade(project, criteria, seen, [waiver()], today)
    assert (useless.judged[0].verdict, "not needed" in useless.problems[0].en) == (Verdict.PASS, True)
    unknown = grade(project, criteria, seen, [waiver("nothing")], today)
    assert "no such criterion" in unknown.problems[0].en


def test_two_waivers_of_one_criterion_void_each_other(project, criterion, evidence, fact, today, waiver):
    seen = [evidence([fact("load.p95", 9)])]
    card = grade(project, [criterion("p95", blocking=True)], seen, [waiver(days=5), waiver(days=50)], today)
    assert card.judged[0].verdict is Verdict.FAIL
    assert len(card.problems) == 2


def test_the_users_held_are_unknown_where_their_criterion_is(project, criterion, held, evidence, fact, today):
    lag = criterion("lag", judges="measurement")
    strict = held.model_copy(update={"requires": ("lag",)})
    seen = [evidence([fact("load.lag", 9), fact("load.users_held", 400_000, "users", low=350_000, high=420_000)])]
    card = grade(project, [lag, strict], seen, (), today)
    assert card.capacity.users_low is None
    assert card.capacity.reason is not None
    assert "9\u202fs" in card.capacity.reason.en
    assert card.decision is Decision.UNDETERMINED


def test_the_bottleneck_is_named_when_enough_traces_arrived(project, criterion, evidence, fact, today):
    arrived = criterion(
        "arrived", fact="trace.arrived_share", evidence="traces", unit="1", better="higher", **{"pass": 0.9}
    )
    facts = [
        fact("trace.slowest_route", "POST /dossiers", "text"),
        fact("trace.share_sql", 0.62, "1"),
        fact("trace.share_application", 0.3, "1"),
        fact("trace.share_remote", 0.08, "1"),
    ]

    def bottleneck(share):
        seen = [evidence([fact("trace.arrived_share", share, "1"), *facts], name="traces")]
        return grade(project, [arrived], seen, (), today).capacity.bottleneck

    named = bottleneck(0.99)
    assert named is not None
    assert named.en == "POST /dossiers is the slowest part; 62% of the time is spent in the database"
    assert bottleneck(0.2) is None


def test_a_resource_that_is_used_up_says_more_than_where_the_time_goes(project, criterion, evidence, fact, today):
    arrived = criterion(
        "arrived", fact="trace.arrived_share", evidence="traces", unit="1", better="higher", **{"pass": 0.9}
    )
    traces = evidence(
        [
            fact("trace.arrived_share", 1.0, "1"),
            fact("trace.slowest_route", "POST /dossiers", "text"),
            fact("trace.share_sql", 0.62, "1"),
        ],
        name="traces",
    )
    saturated = [fact("load.saturated", "a lock", "text"), fact("load.saturated_fr", "un verrou", "text")]
    seen = [traces, evidence(saturated, name="saturation")]
    named = grade(project, [arrived], seen, (), today).capacity.bottleneck
    assert named.en == "POST /dossiers is the slowest part; a lock is used up first"
    assert named.fr.endswith("un verrou s’épuise en premier")


def test_what_slows_first_is_called_as_the_project_calls_it(project, criterion, evidence, fact, today):
    arrived = criterion(
        "arrived", fact="trace.arrived_share", evidence="traces", unit="1", better="higher", **{"pass": 0.9}
    )
    traced = [fact("trace.slowest_route", "POST /dossiers", "text"), fact("trace.share_sql", 0.62, "1")]

    def bottleneck(first, share):
        load = [fact("load.slows_first", first, "text")]
        seen = [evidence(load), evidence([fact("trace.arrived_share", share, "1"), *traced], name="traces")]
        return grade(project, [arrived], seen, (), today).capacity.bottleneck

    named = bottleneck("file the request", 0.99)
    assert named.en == "first the step “file the request”; 62% of the time is spent in the database"
    assert named.fr.startswith("d’abord l’étape « file the request » ; 62")
    untraced = bottleneck("file the request", 0.2)
    assert untraced.en == "first the step “file the request”", "the load knows it without a trace, and no more"
    assert "POST /dossiers" in bottleneck(None, 0.99).en, "where nothing was too slow the traces name a route"


def test_what_the_traces_diagnose_is_named_where_mending_it_is_worth_a_sentence(
    project, criterion, evidence, fact, today
):
    arrived = criterion(
        "arrived", fact="trace.arrived_share", evidence="traces", unit="1", better="higher", **{"pass": 0.9}
    )

    def bottleneck(gain, share=0.99):
        traced = [
            fact("trace.arrived_share", share, "1"),
            fact("trace.slowest_route", "POST /dossiers", "text"),
            fact("trace.share_sql", 0.62, "1"),
            fact("trace.first_diagnosis", "GET /x: 41 statements a request, the same one", "text"),
            fact("trace.first_diagnosis_fr", "GET /x : 41 requêtes SQL par appel", "text"),
            fact("trace.first_diagnosis_gain", gain, "1"),
        ]
        seen = [evidence([fact("load.slows_first", "search", "text")]), evidence(traced, name="traces")]
        return grade(project, [arrived], seen, (), today).capacity.bottleneck

    named = bottleneck(0.3)
    assert named.en == "first the step “search”; GET /x: 41 statements a request, the same one"
    assert named.fr.endswith("; GET /x : 41 requêtes SQL par appel")
    assert "41 statements" not in bottleneck(0.01).en
    assert "41 statements" not in bottleneck(0.3, share=0.2).en, "too few traces arrived to be believed"


def test_actions_that_decide_come_first_then_points_per_effort(project, criterion, evidence, fact, today):
    criteria = [
        criterion("blocker", blocking=True, effort="months"),
        criterion("cheap", weight=2, effort="hours"),
        criterion("dear", weight=4, effort="months"),
        criterion("unseen", weight=1),
        criterion("fine"),
    ]
    facts = [fact(f"load.{name}", 9) for name in ("blocker", "cheap", "dear")] + [fact("load.fine", 0.1)]
    card = grade(project, criteria, [evidence(facts)], (), today)
    assert [a.criterion for a in card.actions] == ["blocker", "cheap", "unseen", "dear"]
    assert [a.kind for a in card.actions] == ["mend", "mend", "measure", "mend"]
    assert sum(a.gain for a in card.actions) == pytest.approx(100 * (1 - card.grade.score_low), abs=0.05)


def test_a_declaration_that_a_measurement_contradicts_is_shown_with_it(project, criterion, evidence, fact, today):
    measured = criterion("fast")
    declared = criterion(
        "said", basis="declared", evidence="declarations", fact="declared.fast", contradicts="fast", max_age_days=100
    )
    said = fact("declared.fast", 0.1, observed_on=today, source="Ann, https://proof")
    seen = [evidence([fact("load.fast", 9)]), evidence([said], name="declarations")]
    card = grade(project, [measured, declared], seen, (), today)
    assert len(card.problems) == 1
    assert "9\u202fs" in card.problems[0].en
    assert "Ann" in card.problems[0].fr
    agreeing = grade(project, [measured, declared], [evidence([fact("load.fast", 0.2)]), seen[1]], (), today)
    assert agreeing.problems == ()


def test_what_could_not_be_read_is_listed(project, criterion, text, today):
    card = grade(project, [criterion("p95", blocking=True)], [], (), today, [text("load.json: cut short")])
    assert [p.en for p in card.problems] == ["load.json: cut short"]


def test_the_capacity_holds_demand_and_what_the_measurement_claims(project, held, evidence, fact, today):
    facts = [
        fact("load.users_held", 210_000, "users", low=182_437, high=240_900),
        fact("load.sustained_rps", 114.2, "req/s"),
    ]
    scaling = [fact("load.replicas_needed", 3, "count")]
    demand = evidence([fact("demand.requests_per_s", 160.0, "req/s")], name="demand")
    capacity = grade(project, [held], [evidence(facts), demand, evidence(scaling, name="scaling")], (), today).capacity
    assert (capacity.demand_rps, capacity.sustained_rps) == (160.0, 114.2)
    assert (capacity.replicas_needed, capacity.confidence) == (3, None)
    strange = [evidence(facts, project="Other"), demand, evidence(scaling, name="scaling", project="Other")]
    other = grade(project, [held], strange, (), today).capacity
    assert (other.sustained_rps, other.replicas_needed, other.demand_rps) == (None, None, 160.0)


def test_the_demand_shown_counts_the_requests_that_the_load_counts(project, held, evidence, fact, today):
    facts = [fact("load.users_held", 210_000, "users", low=1, high=2), fact("load.demand_rps", 175.0, "req/s")]
    demand = evidence([fact("demand.requests_per_s", 160.0, "req/s")], name="demand")
    assert grade(project, [held], [evidence(facts), demand], (), today).capacity.demand_rps == 175.0
