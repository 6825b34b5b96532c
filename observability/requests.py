"""Requests put together from spans: what each asked of the database, and where its time went."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from observability.spans import Span, Work
from observability.statements import is_transaction_control


class Call(NamedTuple):
    """Something a request did inside itself, its times (ns) cut to those of the request."""

    work: Work
    label: str
    start_ns: int
    end_ns: int
    failed: bool
    answered_by: str = ""
    """Route of the traced request that this call caused; empty where none is in the trace."""
    at: str = ""
    """Where in the code it is made (``file:line``); empty where the service does not say."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.end_ns - self.start_ns) / 1e9


@dataclass(frozen=True)
class Request:
    """One request as its server spent it; times in seconds, and ``sql + remote + application == duration``.

    Calls that run side by side are merged before they are added up; where SQL and an outgoing call overlap, the time
    is counted as SQL. What goes on after the answer was sent (a background task) is no part of any time.
    """

    trace_id: str
    route: str
    service: str
    duration: float
    sql: float
    remote: float
    statements: Counter[str]
    instrumented: frozenset[str]
    nested: bool
    """Whether another traced request caused this one; its time is then inside the other's remote time."""
    start_ns: int
    end_ns: int
    root: bool
    """Whether the trace began here: nobody who asked passed one on."""
    calls: tuple[Call, ...]
    """Everything below it in its own service, in order of time."""
    at: str = ""
    """Where in the code its handler is (``file:line``); empty where the service does not say."""
    size: int | None = None
    """Bytes of the answer, None where the service does not say."""

    @property
    def application(self) -> float:
        """Seconds in the service itself: its code, its queues, and calls that nobody traced."""
        return self.duration - self.sql - self.remote

    @property
    def sql_count(self) -> int:
        """Statements sent, those that begin or end a transaction left out."""
        return self.statements.total()


@dataclass
class Assembly:
    """Requests, and what had to be set right or aside to get them."""

    requests: list[Request] = field(default_factory=list)
    duplicates: int = 0
    orphans: int = 0
    """Spans that no request leads to: their parent did not arrive, or they were made outside a request."""
    skewed: int = 0
    """Spans that end before they begin, or begin before the request they belong to."""
    kinds: frozenset[Work] = frozenset()
    """The kinds of work seen in any span."""
    handed: list[Span] = field(default_factory=list)
    """Spans of what was handed to a queue."""
    taken: list[Span] = field(default_factory=list)
    """Spans of what was taken from one."""


def assemble(spans: Iterable[Span]) -> Assembly:
    """Put requests together from spans in any order, with doubles, gaps, cycles and clocks that differ."""
    traces: dict[str, dict[str, Span]] = defaultdict(dict)
    assembly = Assembly()
    kinds: set[Work] = set()
    for span in spans:
        kinds.add(span.work)
        if span.work is Work.QUEUED:
            assembly.handed.append(span)
        elif span.work is Work.TAKEN:
            assembly.taken.append(span)
        if span.span_id in traces[span.trace_id]:
            assembly.duplicates += 1
        else:
            traces[span.trace_id][span.span_id] = span
    assembly.kinds = frozenset(kinds)
    for trace in traces.values():
        _assemble_trace(trace, assembly)
    return assembly


def _assemble_trace(trace: dict[str, Span], assembly: Assembly) -> None:
    children: dict[str, list[Span]] = defaultdict(list)
    for span in trace.values():
        children[span.parent_id].append(span)
    answers = {span.parent_id: span.label for span in trace.values() if span.work is Work.SERVING}
    reached = 0
    for span in trace.values():
        if span.work is Work.SERVING:
            below = _below(span, children)
            reached += 1 + len(below)
            nested = span.parent_id in trace
            assembly.requests.append(_request(span, below, nested, answers, assembly))
    # A span in a cycle, or below no request, is reached by none; one is reached from its own request only.
    assembly.orphans += len(trace) - reached


def _below(server: Span, children: dict[str, list[Span]]) -> list[Span]:
    """Every span the request caused in its own service: the walk ends where another request is served."""
    found: list[Span] = []
    seen = {server.span_id}
    waiting = [server.span_id]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child.work is not Work.SERVING and child.span_id not in seen:
                seen.add(child.span_id)
                found.append(child)
                waiting.append(child.span_id)
    return found


def _request(server: Span, below: list[Span], nested: bool, answers: dict[str, str], assembly: Assembly) -> Request:
    start, end = server.start_ns, max(server.start_ns, server.end_ns)
    assembly.skewed += sum(1 for s in (server, *below) if s.end_ns < s.start_ns or s.start_ns < start)
    calls = sorted((_call(s, start, end, answers) for s in below), key=lambda c: (c.start_ns, c.end_ns, c.label))
    sql = [(c.start_ns, c.end_ns) for c in calls if c.work is Work.SQL]
    remote = [(c.start_ns, c.end_ns) for c in calls if c.work is Work.REMOTE]
    sql_ns = merged_length(sql)
    return Request(
        trace_id=server.trace_id,
        route=server.label,
        service=server.service,
        duration=(end - start) / 1e9,
        sql=sql_ns / 1e9,
        remote=(merged_length(sql + remote) - sql_ns) / 1e9,
        statements=Counter(s.label for s in below if s.work is Work.SQL and not is_transaction_control(s.label)),
        instrumented=server.instrumented,
        nested=nested,
        start_ns=start,
        end_ns=end,
        root=server.parent_id == "",
        calls=tuple(calls),
        at=server.at,
        # A span of the service's own may be the current one when the answer is made.
        size=max((s.size for s in (server, *below) if s.size is not None), default=None),
    )


def _call(span: Span, start: int, end: int, answers: dict[str, str]) -> Call:
    begin = min(max(span.start_ns, start), end)
    return Call(
        work=span.work,
        label=span.label,
        start_ns=begin,
        end_ns=max(begin, min(span.end_ns, end)),  # one that ends before it begins took no time
        failed=span.failed,
        answered_by=answers.get(span.span_id, ""),
        at=span.at,
    )


def merged_length(intervals: list[tuple[int, int]]) -> int:
    """Length of the union of intervals; one that ends before it begins counts as nothing."""
    total = 0
    covered: int | None = None
    for begin, end in sorted(intervals):
        first = begin if covered is None else max(begin, covered)
        if end > first:
            total += end - first
            covered = end
    return total
