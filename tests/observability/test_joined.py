"""Both sides of a request: what the generator saw, what the service handled, and what lies between."""

from __future__ import annotations

from collections import Counter

import pytest

from observability import joined
from observability.joined import Joined
from observability.received import Received
from observability.requests import Request
from observability.sent import Sent, Visit

AT = 1_700_000_000.0


def request(trace: str, start: float, seconds: float, *, nested: bool = False) -> Request:
    start_ns = round(start * 1e9)
    return Request(
        trace_id=trace, route="GET /a", service="s", duration=seconds, sql=0.0, remote=0.0, statements=Counter(),
        instrumented=frozenset(), nested=nested, start_ns=start_ns, end_ns=start_ns + round(seconds * 1e9), root=False,
        calls=(),
    )  # fmt: skip


def load(number: int, *, wait: float, clock: float = 0.0, took: float | None = 0.1, step: str = "file") -> tuple[
    list[Request], Sent
]:  # fmt: skip
    """Requests of 100 ms for the client, 40 ms of them handled, begun ``wait`` after they were sent."""
    traces = [f"{n:032x}" for n in range(number)]
    visits = {t: Visit(step, AT + n, 0.1, took) for n, t in enumerate(traces)}
    requests = [request(t, visits[t].start + wait + clock, 0.04) for t in traces]
    return requests, Sent(frozenset(traces), frozenset(traces), 0, visits)


def values(both: list[Joined]) -> dict[str, object]:
    return {fact.id: fact.value for fact in joined.facts(both, Received([]), None)}


def test_time_outside_the_service_and_before_the_handler_is_told_with_its_step() -> None:
    both = joined.join(*load(50, wait=0.05))
    facts = {fact.id: fact for fact in joined.facts(both, Received([]), None)}
    assert facts["trace.outside_share"].value == pytest.approx(0.6)
    assert facts["trace.before_handler_p95"].value == pytest.approx(0.05, abs=1e-6)
    assert "file: 0.050 s" in (facts["trace.before_handler_p95"].detail or "")
    assert facts["trace.clock_difference"].value == 0


@pytest.mark.parametrize("clock", [-3600.0, -0.2, 0.5, 86_400.0])
def test_a_clock_that_differs_hides_the_wait_before_the_handler_and_nothing_else(clock: float) -> None:
    found = values(joined.join(*load(50, wait=0.03, clock=clock)))
    assert found["trace.before_handler_p95"] is None
    assert found["trace.outside_share"] == pytest.approx(0.6)
    assert found["trace.clock_difference"] == pytest.approx(clock, abs=1e-3)


def test_spans_that_end_a_little_after_the_answer_has_left_are_on_the_same_clock() -> None:
    found = values(joined.join(*load(50, wait=0.062)))
    assert found["trace.before_handler_p95"] == pytest.approx(0.062, abs=1e-6)
    late = [Joined("file", client=0.1, handled=0.104, before=0.002) for _ in range(50)]
    assert values(late)["trace.before_handler_p95"] == pytest.approx(0.002)


def test_few_requests_or_a_generator_that_does_not_say_how_long_it_took_tell_nothing() -> None:
    for both in (joined.join(*load(joined.MIN_JOINED - 1, wait=0.05)), joined.join(*load(50, wait=0.05, took=None))):
        found = values(both)
        assert found["trace.outside_share"] is None
        assert found["trace.before_handler_p95"] is None
    assert joined.join([], None) == []


def test_a_request_led_on_twice_is_one_for_the_client_and_what_is_nested_counts_once() -> None:
    _, sent = load(1, wait=0.0)
    trace = next(iter(sent.traces))
    hops = [
        request(trace, AT + 0.01, 0.02),
        request(trace, AT + 0.05, 0.03),
        request(trace, AT + 0.05, 0.9, nested=True),
    ]
    (one,) = joined.join(hops, sent)
    assert one.handled == pytest.approx(0.05)
    assert one.before == pytest.approx(0.01, abs=1e-6)
    assert one.outside == pytest.approx(0.05)


def test_the_table_names_the_step_whose_traces_do_not_arrive() -> None:
    requests, sent = load(40, wait=0.01)
    _, lost = load(30, wait=0.01, step="lost on the way")
    moved = {f"f{trace[1:]}": visit for trace, visit in lost.visits.items()}
    both = Sent(sent.traces | set(moved), sent.answered | set(moved), 0, {**sent.visits, **moved})
    rows = {row[0]: row for row in joined.table(joined.join(requests, both), both).rows}
    assert rows["file"][1:3] == (40, 40)
    assert rows["lost on the way"][1:4] == (30, 0, None)


def test_of_traces_that_were_not_read_none_is_missed() -> None:
    traces = [f"{n * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}" for n in range(1, 1_001)]
    sent = Sent(frozenset(traces), frozenset(traces[:500]), 0, {traces[0]: Visit("a", 1.0, 1.0)})
    due = Received([], share_read=0.2).due(sent)
    assert due is not None
    assert 150 < len(due.traces) < 250
    assert due.answered <= due.traces
    assert Received([]).due(sent) is sent
