"""What the spans show: facts from made spans, then from a real service with a planted defect."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from observability.analysis import collect
from observability.received import Received
from observability.receiver import Receiver
from observability.requests import assemble, merged_length
from observability.spans import Span, Work
from observability.statements import shape
from scorecard.evidence import Evidence, Fact, Status
from scorecard.site import Site

_ids = itertools.count(1)
MS = 1_000_000


def span(
    work: Work = Work.SERVING, start: int = 0, end: int = 100, *, parent: Span | None = None, label: str = "GET /a",
    trace: str = "t1", **fields: object,
) -> Span:  # fmt: skip
    """A span; times in milliseconds."""
    made = Span(
        trace_id=trace if parent is None else parent.trace_id, span_id=f"{next(_ids):016x}",
        parent_id="" if parent is None else parent.span_id, work=work, label=label, start_ns=start * MS,
        end_ns=end * MS, failed=False, service="s", instrumented=frozenset(),
    )  # fmt: skip
    return made._replace(**fields)  # type: ignore[arg-type]


def fact(evidence: Evidence, name: str) -> Fact:
    return next(fact for fact in evidence.facts if fact.id == f"trace.{name}")


def test_shares_sum_to_one_where_calls_run_side_by_side(site: Site) -> None:
    request = span(start=0, end=100)
    inner = span(Work.OTHER, 5, 95, parent=request)
    spans = [
        request,
        inner,
        span(Work.SQL, 10, 40, parent=inner, label="select ?"),
        span(Work.SQL, 20, 50, parent=request, label="select ?"),
        span(Work.REMOTE, 45, 70, parent=inner),
    ]
    evidence = collect(site, Received(spans))
    assert fact(evidence, "share_sql").value == pytest.approx(0.40)
    assert fact(evidence, "share_remote").value == pytest.approx(0.20)
    assert fact(evidence, "share_application").value == pytest.approx(0.40)
    assert evidence.status is Status.COMPLETED


def test_the_route_with_most_statements_is_named_with_its_most_repeated_statement(site: Site) -> None:
    spans = []
    for trace, number in (("a", 9), ("b", 2)):
        request = span(trace=trace, label=f"GET /{trace}")
        spans += [request, *(span(Work.SQL, 1, 2, parent=request, label="select one") for _ in range(number))]
        spans.append(span(Work.SQL, 2, 3, parent=request, label="COMMIT"))
    worst = fact(collect(site, Received(spans)), "sql_per_request_max")
    assert worst.value == 9
    assert "GET /a" in worst.detail
    assert "9.0 × select one" in worst.detail


def test_a_silent_service_is_unknown_and_says_why(site: Site, write_sent: Callable[..., None]) -> None:
    write_sent("t1", "t2")
    evidence = collect(site, Received([]))
    assert evidence.status is Status.DEGRADED
    for name in ("arrived_share", "sql_per_request_max", "share_sql", "share_application", "share_remote"):
        found = fact(evidence, name)
        assert found.value is None
        assert found.reason is not None
        assert "no span arrived" in found.reason.en


def test_sql_that_nobody_traced_is_unknown_not_zero(site: Site) -> None:
    evidence = collect(site, Received([span()]))
    for name in ("sql_per_request_max", "share_sql", "share_application", "share_remote"):
        assert fact(evidence, name).value is None, name


def test_a_service_that_says_it_traces_its_sql_and_has_none_has_zero(site: Site) -> None:
    evidence = collect(site, Received([span(instrumented=frozenset({"sql", "http"}))]))
    assert fact(evidence, "sql_per_request_max").value == 0
    assert fact(evidence, "share_remote").value == 0
    assert fact(evidence, "share_application").value == 1


def test_arrived_share_counts_answered_requests_to_the_target_only(site: Site, write_sent: Callable[..., None]) -> None:
    write_sent("t1", "t2", "t3", "t4")
    write_sent("refused", ok=False)
    write_sent("to-the-identity-provider", target=False)
    arrived = fact(collect(site, Received([span(trace="t1"), span(trace="t2"), span(trace="x")])), "arrived_share")
    assert (arrived.value, arrived.detail) == (0.5, "2 / 4")


def test_nothing_sent_or_a_full_receiver_leaves_the_arrived_share_unknown(
    site: Site, write_sent: Callable[..., None]
) -> None:
    assert fact(collect(site, Received([span()])), "arrived_share").value is None
    write_sent("t1", "t2")
    evidence = collect(site, Received([span()], dropped=1))
    assert fact(evidence, "arrived_share").value is None
    assert evidence.status is Status.DEGRADED
    write_sent("t9", ok=False)


def test_no_good_answer_leaves_the_arrived_share_unknown(site: Site, write_sent: Callable[..., None]) -> None:
    write_sent("t1", ok=False)
    found = fact(collect(site, Received([span()])), "arrived_share")
    assert found.reason is not None
    assert "good answer" in found.reason.en


def test_requests_of_the_load_are_analysed_not_those_of_a_scanner(site: Site, write_sent: Callable[..., None]) -> None:
    write_sent("t1")
    spans = [span(trace="t1", label="GET /load"), span(trace="t2", end=9_000, label="GET /scanned")]
    assert fact(collect(site, Received(spans)), "slowest_route").value == "GET /load"


def test_a_sent_file_cut_short_is_said(site: Site) -> None:
    (site.raw("load") / "sent-traces.jsonl").write_bytes(b'{"trace_id":"t1","ok":true}\n[3]\n{"trace_id":\xff\n')
    evidence = collect(site, Received([span()]))
    assert fact(evidence, "arrived_share").value == 1
    assert evidence.reason is not None
    assert "2 lines" in evidence.reason.en


def test_doubled_parentless_cyclic_skewed_and_late_spans_are_counted() -> None:
    request = span(start=100, end=200)
    twice = span(Work.SQL, 110, 120, parent=request)
    first = span(Work.OTHER, span_id="c1", parent_id="c2")
    second = span(Work.OTHER, span_id="c2", parent_id="c1")
    spans = [
        twice,
        twice,
        span(Work.SQL, 90, 105, parent=request),  # a clock that is behind
        span(Work.SQL, 190, 150, parent=request),  # ends before it begins
        span(Work.SQL, 195, 900, parent=request),  # goes on after the answer
        span(Work.SQL, 1, 2, parent_id="never arrived"),
        first,
        second,
        request,
    ]
    assembly = assemble(spans)
    (only,) = assembly.requests
    assert (assembly.duplicates, assembly.orphans, assembly.skewed) == (1, 3, 2)
    assert only.sql == pytest.approx(0.010 + 0.005 + 0.005)
    assert only.sql + only.remote + only.application == pytest.approx(0.100)


def test_a_request_that_is_its_own_ancestor_ends() -> None:
    server = span(span_id="a", parent_id="b")
    child = span(Work.OTHER, span_id="b", parent_id="a")
    assert len(assemble([server, child]).requests) == 1


def test_a_request_served_behind_another_keeps_its_own_statements() -> None:
    front = span(label="GET /front")
    call = span(Work.REMOTE, 10, 90, parent=front)
    back = span(Work.SERVING, 20, 80, parent=call, label="GET /back")
    spans = [front, call, back, span(Work.SQL, 30, 40, parent=back, label="select 1")]
    requests = {request.route: request for request in assemble(spans).requests}
    assert requests["GET /front"].sql_count == 0
    assert requests["GET /back"].sql_count == 1
    assert requests["GET /back"].nested


def test_requests_that_last_no_time_have_no_shares(site: Site) -> None:
    evidence = collect(site, Received([span(start=5, end=5, instrumented=frozenset({"sql", "http"}))]))
    assert fact(evidence, "share_sql").value is None


@pytest.mark.parametrize(
    ("intervals", "length"),
    [([], 0), ([(0, 5), (3, 8)], 8), ([(0, 9), (1, 2)], 9), ([(5, 3)], 0), ([(0, 1), (4, 6)], 3)],
)
def test_overlapping_intervals_count_once(intervals: list[tuple[int, int]], length: int) -> None:
    assert merged_length(intervals) == length


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select * from d where id = 4", "select *  from d where id = %s"),
        ("insert into d values (1, 'a'), (2, 'b')", "insert into d values ($1, $2)"),
        ("select 1 from d where id in (1,2,3)", "select 1 from d where id in (%s, %s);"),
        ("select %(a)s::int", "select $1::int"),
    ],
)
def test_statements_that_differ_by_values_have_one_shape(one: str, other: str) -> None:
    assert shape(one) == shape(other)


def test_statements_that_differ_have_two_shapes() -> None:
    assert shape("select a from d where b = 1") != shape("select a from d where c = 1")


def test_a_real_service_with_a_planted_defect_and_its_mended_twin(
    serve, database: str, site: Site, write_sent: Callable[..., None]
) -> None:
    traces = [f"{n:032x}" for n in range(1, 7)]
    with (
        Receiver() as receiver,
        serve(OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint, DATABASE_URL=database, SAMPLE_RATIO="0.0") as service,
    ):
        for trace in traces:
            path = "/dossiers?rows=7" if trace in traces[:3] else "/dossiers-mended?rows=7"
            assert service.get(path, {"traceparent": f"00-{trace}-{'b' * 16}-01"}) == 200
        service.stop()
        received = receiver.received()
    write_sent(*traces)
    evidence = collect(site, received)
    assert evidence.status is Status.COMPLETED
    assert fact(evidence, "arrived_share").value == 1
    worst = fact(evidence, "sql_per_request_max")
    assert worst.value == 7
    assert "GET /dossiers " in worst.detail
    assert "jean" not in evidence.model_dump_json()
    routes = {row[0]: row[2] for table in evidence.tables if table.id == "trace.routes" for row in table.rows}
    assert routes == {"GET /dossiers": 7.0, "GET /dossiers-mended": 1.0}
    shares = [fact(evidence, f"share_{name}").value for name in ("sql", "remote", "application")]
    assert sum(share for share in shares if isinstance(share, float)) == pytest.approx(1.0)
    assert fact(evidence, "share_sql").value > 0


def test_a_service_that_drops_the_context_shows_a_low_arrived_share(
    serve, site: Site, write_sent: Callable[..., None]
) -> None:
    traces = [f"{n:032x}" for n in range(1, 5)]
    with Receiver() as receiver, serve(OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint) as service:
        for trace in traces:
            headers = {"traceparent": f"00-{trace}-{'b' * 16}-01"} if trace == traces[0] else {}
            service.get("/people/anne", headers)
        service.stop()
        received = receiver.received()
    write_sent(*traces)
    assert fact(collect(site, received), "arrived_share").value == 0.25
