"""Rules on what a request does in its own process, on queues and on memory, at their limits, on made spans."""

from __future__ import annotations

import itertools

import pytest

from observability.breakdown import calls, example, parts
from observability.calls import MADE
from observability.diagnosis import Diagnosis, Seen, diagnose, gain
from observability.diagnosis.diagnosis import Rule
from observability.inside import LOG_RECORD, POOL_WAIT
from observability.loaded import Loaded, LoadStep
from observability.memory import Sample
from observability.requests import assemble
from observability.spans import Span, Work
from scorecard.evidence import Text

MS = 1_000_000
BOTH = frozenset({"sql", "http"})
_numbers = itertools.count(1)

Inside = tuple[Work, str, int, int]


def request(start: int, end: int, *inside: Inside, size: int | None = None) -> list[Span]:
    """One request (ms) with what it does inside, from its own beginning on."""
    number = next(_numbers)
    server = Span(
        trace_id=f"{number:032x}", span_id=f"{number:08x}00000000", parent_id="", work=Work.SERVING, label="GET /a",
        start_ns=start * MS, end_ns=end * MS, failed=False, service="s", instrumented=BOTH, at="app.py:1", size=size,
    )  # fmt: skip
    below = [
        server._replace(
            span_id=f"{number:08x}{place:08x}", parent_id=server.span_id, work=work, label=label,
            start_ns=(start + begin) * MS, end_ns=(start + finish) * MS, at=f"app.py:{place + 1}", size=None,
        )
        for place, (work, label, begin, finish) in enumerate(inside, 1)
    ]  # fmt: skip
    return [server, *below]


def many(number: int, *inside: Inside, end: int = 90, size: int | None = None) -> list[Span]:
    return [span for turn in range(number) for span in request(1_000 * turn, 1_000 * turn + end, *inside, size=size)]


def found(spans: list[Span], samples: list[Sample] | None = None) -> list[Diagnosis]:
    assembly = assemble(spans)
    seen = Seen(assembly.requests, handed=assembly.handed, taken=assembly.taken, samples=samples or [], cores_used=2.0)
    return diagnose(assembly.requests, seen, objective_s=0.4)


def rules(spans: list[Span], samples: list[Sample] | None = None) -> list[str]:
    return [one.rule.value for one in found(spans, samples)]


SQL, END = (Work.SQL, "select one", 0, 5), (Work.SQL, "COMMIT", 85, 88)


def test_a_call_within_a_transaction_holds_its_connection_one_outside_does_not() -> None:
    remote = (Work.REMOTE, "GET", 6, 80)
    (held,) = found(many(10, SQL, remote, END))
    assert (held.rule.value, held.place, held.at) == ("connection-held", "GET", "app.py:3")
    assert rules(many(10, remote, (Work.SQL, "select one", 81, 84), END)) == []
    assert rules(many(10, SQL, (Work.SQL, "COMMIT", 5, 6), (Work.REMOTE, "GET", 7, 80))) == []
    assert rules(many(10, SQL, remote)) == [], "without an end that was seen each statement may be on its own"


@pytest.mark.parametrize(("size", "said"), [(999_999, []), (1_000_000, ["large-answer"]), (None, [])])
def test_an_answer_is_large_from_a_megabyte_on(size: int | None, said: list[str]) -> None:
    assert rules(many(10, size=size)) == said


def test_clients_made_and_log_lines_waited_for_are_named_where_they_take_time() -> None:
    (client,) = found(many(10, (Work.OTHER, f"{MADE}httpx.AsyncClient", 0, 20)))
    assert (client.rule.value, client.place, client.per_request) == ("client-per-request", "httpx.AsyncClient", 1)
    assert rules(many(10, (Work.OTHER, f"{MADE}httpx.AsyncClient", 0, 4))) == []
    cheap = many(11, (Work.OTHER, f"{MADE}httpx.AsyncClient", 0, 1), end=10)
    dear = request(90_000, 90_200, (Work.OTHER, f"{MADE}httpx.AsyncClient", 0, 150))
    assert rules([*cheap, *dear]) == [], "the first of all reads what the others find in memory"
    assert rules(many(10, (Work.OTHER, LOG_RECORD, 0, 40))) == ["blocking-log"]
    assert rules(many(10, (Work.OTHER, LOG_RECORD, 0, 20))) == []


def test_a_wait_for_a_connection_is_told_from_a_sample_of_the_requests() -> None:
    (wait,) = found(many(10, (Work.OTHER, f"{POOL_WAIT}3", 0, 50), (Work.SQL, "select one", 50, 60)))
    assert (wait.rule.value, wait.places) == ("pool-wait", 3)
    assert "at most 3 in use" in wait.said.en
    assert rules(many(10, (Work.OTHER, f"{POOL_WAIT}3", 0, 20), (Work.SQL, "select one", 50, 60))) == []
    waiting = many(10, (Work.OTHER, f"{POOL_WAIT}3", 0, 50), (Work.SQL, "select one", 50, 60))
    requests = assemble(waiting).requests
    assert diagnose(requests, Seen(requests, used_up=True), objective_s=0.4) == [], (
        "the processor is what is waited for"
    )
    quick = [s._replace(label=s.label.replace("/a", "/b")) for s in many(20, (Work.SQL, "select one", 0, 10))]
    assert rules([*waiting, *quick]) == [], "others use the same pool and do not wait"


@pytest.mark.parametrize(
    ("text", "took", "said"),
    [
        ("select * from t order by id limit ? offset ?", 12, ["offset-pagination"]),
        ("select count(*) from t", 12, ["count-of-table"]),
        ("select count(*) from t", 9, []),
        ("select * from offset_t where id = ?", 12, []),
        ("select * from offset_t where id = ?", 25, ["slow-statement"]),
    ],
)
def test_what_a_slow_statement_is_slow_for_is_told_by_its_text(text: str, took: int, said: list[str]) -> None:
    assert rules(many(10, (Work.SQL, text, 0, took), (Work.SQL, "COMMIT", 26, 27), end=30)) == said


def test_a_statement_that_grows_is_told_from_a_machine_that_slows_down() -> None:
    def spans(commit: int) -> list[Span]:
        made = []
        for turn in range(90):
            took, ends = 4 + turn // 9, 1 + commit * turn // 9
            made += request(
                1_000 * turn, 1_000 * turn + 60, (Work.SQL, "select", 0, took), (Work.SQL, "COMMIT", 30, 30 + ends)
            )
        return made

    (grown,) = found(spans(0))
    assert (grown.rule.value, grown.place) == ("growing-statement", "select")
    assert rules(spans(1)) == [], "the others grow too"


def queue(link: str) -> list[Span]:
    """Ten requests that hand a letter to a queue, and ten that take one out: in a trace that names the first or not."""
    spans: list[Span] = []
    for turn in range(10):
        asked = request(1_000 * turn, 1_000 * turn + 20, (Work.QUEUED, "send", 1, 2))
        taken = asked[1]._replace(
            trace_id=f"f{turn:031x}", span_id=f"f{turn:015x}", parent_id="", work=Work.TAKEN, label="take"
        )
        match link:
            case "parent":
                taken = taken._replace(trace_id=asked[1].trace_id, parent_id=asked[1].span_id)
            case "link":
                taken = taken._replace(links=frozenset({asked[1].trace_id}))
        spans += [*asked, taken]
    return spans


@pytest.mark.parametrize(("link", "said"), [("none", ["broken-propagation"]), ("link", []), ("parent", [])])
def test_a_trace_goes_on_behind_a_queue_by_parent_or_by_link(link: str, said: list[str]) -> None:
    assert rules(queue(link)) == said


def memory(*grown: float) -> list[Sample]:
    """Samples at each of fifty requests a second apart, ``grown`` being MiB added by then at ten of them."""
    return [Sample((5_000 * place + 90) * MS, round((100 + size) * 2**20)) for place, size in enumerate(grown)]


@pytest.mark.parametrize(
    ("grown", "said"),
    [
        ([8 * n for n in range(10)], ["memory-growth"]),
        ([0, 40, 60, 70, 72, 73, 73, 73, 73, 73], []),
        ([0, 0, 0, 0, 0, 0, 0, 80, 80, 80], []),
        ([2 * n for n in range(10)], []),
    ],
)
def test_memory_grows_where_each_part_of_the_requests_adds_its_share(grown: list[float], said: list[str]) -> None:
    assert rules(many(50), memory(*grown)) == said


def test_what_mending_brings_lies_between_its_bounds() -> None:
    text = Text(en="x", fr="x")
    pool = Diagnosis(Rule.POOL_WAIT, "GET /a", "c", None, 5.0, 5.0, text, text, places=2)
    known = Loaded(cores_used=0.4, rps=2.0, users=(100.0, 120.0, 140.0))
    whole, more = gain.Whole(100, 10.0), gain.Whole(100, 100.0)

    def bounds(diagnosis: Diagnosis, of: gain.Whole, loaded: Loaded, cores: int | None) -> tuple[float, float]:
        brings = gain.gain(diagnosis, of, loaded, cores)
        assert brings is not None
        return brings.low, brings.high

    assert bounds(pool, whole, known, 1) == (1.5, 2.5)
    assert gain.users(gain.gain(pool, whole, known, 1), known) == (50.0, 210.0)
    assert bounds(pool, whole, Loaded(cores_used=0.9), 1) == (1 / 0.9, 1 / 0.9), "the processor is near"
    assert bounds(pool, whole, Loaded(), None) == (1.5, 4.0)
    assert bounds(pool, more, known, 1) == (1.0, 2.5), "little time is spent at that door"
    slow = Diagnosis(Rule.SLOW_STATEMENT, "GET /a", "s", 1.0, 5.0, 5.0, text, text)
    assert bounds(slow, whole, known, 1) == pytest.approx((1.0, 0.4 / 0.3)), "2 requests a second save 0.1 cores"
    assert bounds(slow, whole, Loaded(cores_used=0.4, rps=20.0), 1) == (1.0, 4.0), "it may be all of the processor"
    leak = Diagnosis(Rule.MEMORY_GROWTH, "GET /a", "memory", None, 0.0, 0.0, text, text)
    assert gain.gain(leak, whole, known, 1) is None
    assert [d for d, _ in gain.by_gain([leak, slow, pool], whole, known, 1)] == [pool, slow, leak]


def test_requests_are_told_apart_by_the_steps_of_the_load_where_their_times_are_known() -> None:
    slow = [
        s for turn in range(10) for s in request(20_000 + 100 * turn, 20_090 + 100 * turn, (Work.SQL, "select", 0, 80))
    ]
    spans = [*many(10, (Work.SQL, "select", 0, 10), end=20), *slow]
    steps = (LoadStep(5, "held", 0, 10_000 * MS), LoadStep(50, "held", 20_000 * MS, 30_000 * MS))
    low, knee = parts(assemble(spans).requests, Loaded(steps=steps))
    assert (low.at, len(low.requests), knee.at, len(knee.requests)) == ("low", 10, "knee", 10)
    (row,) = calls([low, knee]).rows
    assert row[:5] == ("GET /a", "sql", "select", "app.py:2", 1.0)
    assert row[5:] == pytest.approx((80 / 90, 0.01, 0.08))
    served, select = example([low, knee]).rows
    assert (served[2], select[2]) == ("serving", "sql")
    assert select[4:6] == pytest.approx((0.0, 0.08))


def test_a_request_of_hundreds_of_calls_is_shown_to_a_bound() -> None:
    spans = many(10, *[(Work.SQL, "select", n, n + 1) for n in range(80)])
    shown = example(parts(assemble(spans).requests, Loaded()))
    assert len(shown.rows) == 1 + 40 + 1
    assert shown.rows[-1][2:4] == ("more", "40")
