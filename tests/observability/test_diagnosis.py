"""What the rules say of made spans, of spans of any kind, and of a real service on a machine that others kept busy."""

from __future__ import annotations

import gzip
import itertools
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observability import loaded
from observability.analysis import collect
from observability.diagnosis import Diagnosis, Seen, diagnose, gain, told
from observability.diagnosis.group import MIN_REQUESTS, Crowd
from observability.received import Received
from observability.requests import assemble
from observability.sent import Sent, Visit
from observability.spans import Span, Work
from scorecard import evidence
from scorecard.evidence import Column, Evidence, Fact, Finding, Status, Table, Text, Unit, broken
from scorecard.site import Site

RECORDED = Path(__file__).parent / "recorded" / "reference-on-a-busy-machine.json.gz"
MS = 1_000_000
BOTH = frozenset({"sql", "http"})

_numbers = itertools.count(1)


def request(
    start: int, end: int, *calls: tuple[Work, str, int, int], route: str = "GET /a", **fields: object
) -> list[Span]:
    """One request and its calls, in a trace of its own; times in milliseconds."""
    number = next(_numbers)
    server = Span(
        trace_id=f"{number:032x}", span_id=f"{number:08x}00000000", parent_id="c" * 16, work=Work.SERVING, label=route,
        start_ns=start * MS, end_ns=end * MS, failed=False, service="s", instrumented=BOTH,
    )  # fmt: skip
    below = [
        server._replace(
            span_id=f"{number:08x}{place:08x}", parent_id=server.span_id, work=work, label=label,
            start_ns=begin * MS, end_ns=finish * MS, **fields,
        )
        for place, (work, label, begin, finish) in enumerate(calls, 1)
    ]  # fmt: skip
    return [server, *below]


def found(spans: Sequence[Span], *, cores: float | None = 0.1, objective: float = 0.4) -> list[Diagnosis]:
    requests = assemble(spans).requests
    return diagnose(requests, Seen(requests, cores_used=cores), objective_s=objective)


def rules(spans: Sequence[Span], **known: float | None) -> list[str]:
    return [diagnosis.rule.value for diagnosis in found(spans, **known)]


def many(number: int, *calls: tuple[Work, str, int, int], end: int = 90, **fields: object) -> list[Span]:
    """Requests one after another, each with the same calls at the same place."""
    made = []
    for turn in range(number):
        at = 1_000 * turn
        moved = [(work, label, at + begin, at + finish) for work, label, begin, finish in calls]
        made += request(at, at + end, *moved, **fields)
    return made


def selects(text: str, number: int, at: int = 0) -> list[tuple[Work, str, int, int]]:
    return [(Work.SQL, text, at + 4 * place, at + 4 * place + 3) for place in range(number)]


def test_the_reference_service_on_a_busy_machine_raises_no_alarm() -> None:
    recorded = json.loads(gzip.decompress(RECORDED.read_bytes()))
    spans = [
        Span(trace, span, parent, Work(work), label, start * 1000, end * 1000, failed, "reference", BOTH)
        for trace, span, parent, work, label, start, end, failed in recorded["spans"]
    ]
    visits = {trace: Visit(*visit) for trace, visit in recorded["sent"].items()}
    everything = assemble(spans).requests
    of_the_load = [one for one in everything if one.trace_id in visits]
    sent = Sent(frozenset(visits), frozenset(visits), visits=visits)
    assert len(of_the_load) > 400
    for cores in (None, 0.1, 0.4, 2.0):
        for requests in (of_the_load, everything):
            assert diagnose(requests, Seen(everything, sent, cores_used=cores), objective_s=0.4) == []


def test_a_statement_a_row_is_n_plus_one_also_where_two_take_turns() -> None:
    list_first = (Work.SQL, "select list", 0, 2)
    (one,) = found(many(MIN_REQUESTS, list_first, *selects("select one", 10, 4)))
    assert (one.rule.value, one.place, one.per_request) == ("n-plus-one", "select one", 10)
    assert one.saved_s == pytest.approx(MIN_REQUESTS * 9 * 0.003)
    turns = [(Work.SQL, f"select {'ab'[n % 2]}", 5 * n, 5 * n + 4) for n in range(16)]
    assert rules(many(MIN_REQUESTS, *turns)) == ["n-plus-one", "n-plus-one"]


@pytest.mark.parametrize("number", [1, 4])
def test_a_handful_of_the_same_statement_is_no_defect(number: int) -> None:
    assert rules(many(MIN_REQUESTS, *selects("select one", number), end=20)) == []


def test_a_statement_is_slow_only_where_others_are_not_as_slow() -> None:
    slow = (Work.SQL, "select one", 0, 40)
    assert rules(many(MIN_REQUESTS, slow, (Work.SQL, "COMMIT", 50, 51))) == ["slow-statement"]
    assert rules(many(MIN_REQUESTS, slow, (Work.SQL, "COMMIT", 50, 65))) == [], "the machine, or the way there"
    two = (slow, (Work.SQL, "select two", 41, 80), (Work.SQL, "COMMIT", 81, 82))
    assert rules(many(MIN_REQUESTS, *two)) == ["slow-statement", "slow-statement"]


def test_too_few_requests_say_nothing() -> None:
    calls = selects("select one", 20)
    assert rules(many(MIN_REQUESTS - 1, *calls)) == []
    assert rules(many(MIN_REQUESTS, *calls)) != []


def test_what_few_requests_do_is_no_trait_of_their_route() -> None:
    assert rules([*many(4, *selects("select one", 20)), *many(20)]) == []


def test_calls_side_by_side_are_not_serial_and_two_in_a_row_need_each_other() -> None:
    after = [(Work.REMOTE, "GET", 30 * n, 30 * n + 28) for n in range(3)]
    beside = [(Work.REMOTE, "GET", n, n + 90) for n in range(3)]
    assert rules(many(MIN_REQUESTS, *after)) == ["serial-remote-calls"]
    assert rules(many(MIN_REQUESTS, *beside)) == []
    assert rules(many(MIN_REQUESTS, *after[:2])) == []


def test_retries_are_told_from_a_list_of_calls_by_their_failures() -> None:
    calls = [(Work.REMOTE, "GET", 30 * n, 30 * n + 28) for n in range(3)]
    assert rules(many(MIN_REQUESTS, *calls, failed=True)) == ["retries-that-multiply"]


@pytest.mark.parametrize(("lasts", "said"), [(1_900, []), (2_100, ["unbounded-remote"])])
def test_a_call_that_was_not_given_up_after_two_seconds_has_no_timeout(lasts: int, said: list[str]) -> None:
    quick = many(MIN_REQUESTS, (Work.REMOTE, "GET", 0, 50))
    slow = [span for n in (60_000, 70_000) for span in request(n, n + lasts, (Work.REMOTE, "GET", n, n + lasts))]
    assert rules([*quick, *slow]) == said


def crowd(ends: Callable[[int], int]) -> list[Span]:
    """Twelve requests alone, then thirty that begin a millisecond apart and end when ``ends`` says."""
    together = [request(100_000 + number, 100_000 + ends(number)) for number in range(30)]
    return [*many(12, end=30), *itertools.chain.from_iterable(together)]


def test_turns_taken_are_a_lock_only_where_the_processor_is_known_to_be_free() -> None:
    spans = crowd(lambda number: 30 * (number + 1))
    assert rules(spans, cores=0.1) == ["lock-wait"]
    assert rules(spans, cores=0.9) == []
    assert rules(spans, cores=None) == []


def test_requests_that_all_slow_down_together_take_no_turns() -> None:
    assert rules(crowd(lambda number: 400 + number)) == []


def test_growth_that_most_routes_share_is_not_put_down_to_a_lock() -> None:
    spans = crowd(lambda number: 30 * (number + 1))
    other = [span._replace(label="GET /b", trace_id="f" + span.trace_id[1:]) for span in spans]
    assert rules([*spans, *other]) == []


def test_evidence_says_the_gain_in_both_languages_and_what_was_not_looked_at(site: Site) -> None:
    traces = collect(site, Received(many(MIN_REQUESTS, *selects("select one", 20))))
    facts = {fact.id: fact for fact in traces.facts}
    assert facts["trace.diagnoses"].value == 1
    assert facts["trace.diagnoses"].detail == told.NOT_FREE
    assert facts["trace.first_diagnosis"].value == "GET /a: 20 statements a request, the same one: select one"
    assert facts["trace.first_diagnosis_gain"].value == pytest.approx(57 / 90)
    (only,) = traces.findings
    assert (only.category, only.severity.value) == ("diagnosis", "high")
    assert "63% of the time" in only.message
    (row,) = next(table.rows for table in traces.tables if table.id == "trace.diagnoses")
    names = [column.name for table in traces.tables if table.id == "trace.diagnoses" for column in table.columns]
    said = dict(zip(names, row, strict=True))
    assert "jointure" in str(said["remedy_fr"])
    assert said["rate_times_low"] == 1
    assert said["rate_times_high"] == 4, "or more: nothing is known of the processor"
    assert said["users_more_low"] is None, "nothing is known of the users held"


def test_nothing_found_where_not_all_was_seen_is_unknown(site: Site) -> None:
    def diagnoses(spans: list[Span]) -> tuple[object, str]:
        fact = next(fact for fact in collect(site, Received(spans)).facts if fact.id == "trace.diagnoses")
        return fact.value, "" if fact.reason is None else fact.reason.en

    assert diagnoses([]) == (None, "no span arrived: the service exports none to OTEL_EXPORTER_OTLP_ENDPOINT")
    assert diagnoses(many(3)) == (None, told.TOO_FEW.en)
    assert diagnoses(many(MIN_REQUESTS)) == (0, "")
    dark = [span._replace(instrumented=frozenset()) for span in many(MIN_REQUESTS)]
    value, reason = diagnoses(dark)
    assert value is None
    assert "no SQL span arrived" in reason


def test_what_grows_between_low_and_high_load_is_said_with_its_route(site: Site) -> None:
    def growth(spans: list[Span]) -> Fact:
        return next(fact for fact in collect(site, Received(spans)).facts if fact.id == "trace.growth")

    grown = growth(crowd(lambda number: 60 + number))
    assert isinstance(grown.value, float)
    assert 1.5 < grown.value < 3
    assert grown.detail.startswith("GET /a: 30 ms with 0 others under way, ")
    assert grown.detail.endswith("own code grows most")
    level = growth(many(MIN_REQUESTS))
    assert level.value is None
    assert level.reason is not None
    assert "low and at high load" in level.reason.en
    assert growth([]).value is None


def test_the_processor_is_known_only_from_a_whole_table_of_steps(site: Site) -> None:
    def used(*cells: float | None) -> float | None:
        steps = Table(
            id="load.steps", columns=(Column(name="service_cpu", unit=Unit.RATIO),), rows=[(c,) for c in cells]
        )
        load = broken("load", "Aides", Text(en="stopped", fr="arrêté")).model_copy(update={"tables": (steps,)})
        evidence.write(load, site.run / "evidence")
        return loaded.read(site.run).cores_used

    assert loaded.read(site.run).cores_used is None
    assert used(0.2, 1.1, 0.4) == 1.1
    assert used(0.2, None) is None
    assert used() is None


def test_a_processor_is_used_up_where_it_was_so_at_rates_that_held_and_not_in_an_overload(site: Site) -> None:
    def used_up(*steps: tuple[float, str, float | None]) -> bool:
        names = ("achieved", "outcome", "busiest_process", "started", "ended")
        moments = ("2026-11-22T10:00:00+00:00", "2026-11-22T10:00:05+00:00")
        columns = tuple(Column(name=name) for name in names)
        table = Table(id="load.steps", columns=columns, rows=tuple((*step, *moments) for step in steps))
        load = broken("load", "Aides", Text(en="stopped", fr="arrêté")).model_copy(update={"tables": (table,)})
        evidence.write(load, site.run / "evidence")
        return loaded.read(site.run).used_up

    low = (10.0, "held", 0.1)
    assert used_up(low, (100.0, "held", 0.9))
    assert not used_up(low, (100.0, "held", 0.5), (120.0, "failed", 1.0))
    assert not used_up(low, (100.0, "held", None))
    assert not used_up()


def test_requests_that_all_last_as_long_as_the_run_are_looked_at_in_bounded_time() -> None:
    spans = []
    for number in range(5_000):
        calls = [(Work.SQL, "select one", number, 9_000_000), (Work.REMOTE, "GET", number, 9_000_000)]
        spans += request(number, 10_000_000, *calls)
    spans += [span._replace(parent_id="") for number in range(5_000) for span in request(number, 9_500_000)]
    assert isinstance(found(spans), list)


_MOMENTS = st.one_of(st.integers(0, 200 * MS), st.integers(0, 2**64 - 1))


@st.composite
def _strange(draw: st.DrawFn) -> list[Span]:
    """Spans of a few routes again and again, with parents, times and outcomes of any kind."""
    shapes = draw(
        st.lists(
            st.tuples(
                st.sampled_from(Work), st.sampled_from(["GET /a", "select ?", "update t set a = ?", "COMMIT", ""]),
                st.integers(-1, 6), _MOMENTS, _MOMENTS, st.booleans(),
            ),
            min_size=1, max_size=8,
        )
    )  # fmt: skip
    step = draw(st.sampled_from([0, 1, 10 * MS, 2**40]))
    spans = []
    for trace in range(draw(st.integers(1, 25))):
        for place, (work, label, parent, start, end, failed) in enumerate(shapes):
            begun, ended = (min(2**64 - 1, moment + trace * step) for moment in (start, end))
            above = f"{trace:x}-{parent}" if parent >= 0 else ""
            spans.append(Span(f"{trace:x}", f"{trace:x}-{place}", above, work, label, begun, ended, failed, "s", BOTH))
    return spans


@given(_strange(), st.randoms(use_true_random=False), st.sampled_from([None, 0.0, 0.3, 8.0]))
def test_spans_of_any_kind_give_diagnoses_that_add_up_whatever_their_order(
    spans: list[Span], random: object, cores: float | None
) -> None:
    first = found(spans, cores=cores)
    total = sum(one.duration for one in assemble(spans).requests)
    for diagnosis in first:
        assert math.isfinite(diagnosis.spent_s)
        assert 0 <= diagnosis.saved_s <= diagnosis.spent_s * (1 + 1e-9)
        assert diagnosis.said.en
        assert diagnosis.said.fr
    assert [d.saved_s for d in first] == sorted((d.saved_s for d in first), reverse=True)
    findings, load = told.findings(first, total), loaded.Loaded()
    assert all(isinstance(finding, Finding) for finding in findings)
    Evidence(
        name="traces", collector="o", project="p", status=Status.SKIPPED, reason=Text(en="x", fr="x"),
        findings=findings, facts=told.facts(first, total, None, ""),
        tables=(told.table(gain.by_gain(first, gain.Whole(1, total), load, None), {}, total, load),),
    )  # fmt: skip
    shuffled = list(spans)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = found(shuffled, cores=cores)
    assert [(d.rule, d.route) for d in again] == [(d.rule, d.route) for d in first]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))), st.integers(0, 70), st.integers(1, 4))
def test_a_crowd_counts_as_one_would_by_hand(intervals: list[tuple[int, int]], until: int, number: int) -> None:
    looked_at = Crowd(intervals)
    kept = [(begin, end) for begin, end in intervals if end > begin]
    held = [sum(1 for begin, end in kept if begin <= moment < end) for moment in range(until)]
    assert looked_at.time_with(number)(until) == sum(1 for here in held if here >= number)
    assert looked_at.at(until) == sum(1 for begin, end in kept if begin < until < end)
