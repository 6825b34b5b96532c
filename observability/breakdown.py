"""Where the time of each route goes, at low load and at the knee: from the route to the statement, in tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Literal

from observability.diagnosis.diagnosis import Diagnosis, Rule
from observability.diagnosis.group import grouped
from observability.diagnosis.outgoing import name_of
from observability.diagnosis.waiting import is_pool_wait
from observability.loaded import Loaded, LoadStep
from observability.requests import Call, Request
from observability.routes import percentile
from observability.sent import Visit
from observability.spans import Work
from observability.statements import is_transaction_control
from scorecard.evidence import Column, Table, Unit

MOST_ROUTES = 30
MOST_CALLS = 12
"""Calls of a route in the table, those that take the most of its time."""
MOST_SPANS = 40
"""Rows of an example; what comes after in the same request is counted, not shown."""
_LABEL = 600

At = Literal["low", "knee"]
_DOORS = frozenset({Rule.POOL_WAIT, Rule.CONNECTION_HELD, Rule.LOCK_WAIT})


@dataclass(frozen=True)
class Part:
    """The requests of a route at one of the two loads; no ``steps`` where the number under way told them apart."""

    route: str
    at: At
    requests: Sequence[Request]
    steps: Sequence[LoadStep]


def parts(requests: Sequence[Request], loaded: Loaded) -> list[Part]:
    """The requests of each route at low load and at the knee, the route that takes most time first.

    By the steps of the load where their times are known, else the third of the requests of a route that met the fewest
    others under way, and the third that met the most.
    """
    groups = sorted(grouped(requests), key=lambda g: -g.total_s)[:MOST_ROUTES]
    found: list[Part] = []
    for group in groups:
        levels: tuple[tuple[At, Sequence[LoadStep], Sequence[Request]], ...] = (
            ("low", loaded.low, group.quiet),
            ("knee", loaded.knee, group.busy),
        )
        for at, steps, otherwise in levels:
            chosen = [r for r in group.requests if _within(r, steps)] if loaded.knee else otherwise
            if chosen:
                found.append(Part(group.route, at, chosen, steps if loaded.knee else ()))
    return found


def _within(request: Request, steps: Sequence[LoadStep]) -> bool:
    return any(step.begin_ns <= request.start_ns <= step.end_ns for step in steps)


def table(parts_: Sequence[Part], visits: Mapping[str, Visit], found: Sequence[Diagnosis]) -> Table:
    """One row a route and load: how long its requests take, and means of where that goes, in seconds a request."""
    doors = {d.route for d in found if d.rule in _DOORS}
    doors |= {part.route for part in parts_ if any(is_pool_wait(c) for r in part.requests for c in r.calls)}
    return Table(
        id="trace.breakdown",
        columns=(
            Column(name="route"),
            Column(name="load_level"),
            Column(name="rate", unit=Unit.REQUESTS_PER_SECOND),
            Column(name="requests", unit=Unit.COUNT),
            Column(name="p50", unit=Unit.SECOND),
            Column(name="p95", unit=Unit.SECOND),
            Column(name="before_handler", unit=Unit.SECOND),
            Column(name="pool_wait", unit=Unit.SECOND),
            Column(name="sql", unit=Unit.SECOND),
            Column(name="outgoing", unit=Unit.SECOND),
            Column(name="own_code", unit=Unit.SECOND),
        ),
        rows=tuple(_row(part, visits, doors) for part in parts_),
    )


def _row(part: Part, visits: Mapping[str, Visit], doors: set[str]) -> tuple[float | int | str | None, ...]:
    durations = sorted(r.duration for r in part.requests)
    before = [
        max(0.0, r.start_ns / 1e9 - visits[r.trace_id].start)
        for r in part.requests
        if r.trace_id in visits and not r.nested
    ]
    wait = mean(_waited(r) for r in part.requests) if part.route in doors else None
    own = mean(r.application for r in part.requests)
    return (
        part.route,
        part.at,
        mean(step.rate for step in part.steps) if part.steps else None,
        len(part.requests),
        percentile(durations, 0.5),
        percentile(durations, 0.95),
        mean(before) if before else None,
        wait,
        mean(r.sql for r in part.requests),
        mean(r.remote for r in part.requests),
        max(0.0, own - (wait or 0.0)) if wait is not None else own,
    )


def _waited(request: Request) -> float:
    """Seconds at a pool as the service says, else until the first call, which at a door is mostly the queue."""
    told = [c.seconds for c in request.calls if is_pool_wait(c)]
    if told:
        return sum(told)
    first = next((c.start_ns for c in request.calls if c.work in (Work.SQL, Work.REMOTE)), request.start_ns)
    return (first - request.start_ns) / 1e9


def calls(parts_: Sequence[Part]) -> Table:
    """Statements, outgoing calls and what else each route waits for, that which takes most of its time first."""
    by_route: dict[str, dict[At, Part]] = defaultdict(dict)
    for part in parts_:
        by_route[part.route][part.at] = part
    return Table(
        id="trace.calls",
        columns=(
            Column(name="route"),
            Column(name="kind"),
            Column(name="call"),
            Column(name="line"),
            Column(name="per_request", unit=Unit.COUNT),
            Column(name="share_of_latency", unit=Unit.RATIO),
            Column(name="each_low", unit=Unit.SECOND),
            Column(name="each_knee", unit=Unit.SECOND),
        ),
        rows=tuple(row for route, at in by_route.items() for row in _calls_of(route, at)),
    )


def _calls_of(route: str, at: Mapping[At, Part]) -> list[tuple[float | int | str | None, ...]]:
    busiest = at["knee"] if "knee" in at else at["low"]
    whole = sum(r.duration for r in busiest.requests)
    times = _times(busiest.requests)
    quiet = _times(at["low"].requests) if "low" in at else {}
    ordered = sorted(times, key=lambda key: (-sum(c.seconds for c in times[key]), key))
    return [
        (
            route,
            kind,
            label[:_LABEL],
            next((c.at for c in times[kind, label] if c.at), None),
            len(times[kind, label]) / len(busiest.requests),
            min(1.0, sum(c.seconds for c in times[kind, label]) / whole) if whole > 0 else None,
            mean(c.seconds for c in quiet[kind, label]) if (kind, label) in quiet else None,
            mean(c.seconds for c in times[kind, label]) if "knee" in at else None,
        )
        for kind, label in ordered[:MOST_CALLS]
    ]


def _times(requests: Sequence[Request]) -> dict[tuple[str, str], list[Call]]:
    found: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for request in requests:
        for call in request.calls:
            found[call.work.value, _label(call)].append(call)
    return dict(found)


def example(parts_: Sequence[Part]) -> Table:
    """Of each route one request of the busiest load, the one at its 95th percentile, call by call."""
    busiest = {part.route: part for part in parts_}  # the knee stands after the low load
    rows: list[tuple[float | int | str | None, ...]] = []
    for route, part in busiest.items():
        ordered = sorted(part.requests, key=lambda r: (r.duration, r.start_ns))
        one = percentile(ordered, 0.95)
        rows.append((route, one.trace_id, "serving", route, 0.0, one.duration, one.at or None))
        for call in one.calls[:MOST_SPANS]:
            begun = (call.start_ns - one.start_ns) / 1e9
            name, line = _label(call)[:_LABEL], call.at or None
            rows.append((route, one.trace_id, call.work.value, name, begun, call.seconds, line))
        if len(one.calls) > MOST_SPANS:
            left, rest = len(one.calls) - MOST_SPANS, one.calls[MOST_SPANS:]
            begun = (rest[0].start_ns - one.start_ns) / 1e9
            last = max(c.end_ns for c in rest)
            rows.append((route, one.trace_id, "more", str(left), begun, (last - rest[0].start_ns) / 1e9, None))
    return Table(
        id="trace.example",
        columns=(
            Column(name="route"),
            Column(name="trace"),
            Column(name="kind"),
            Column(name="call"),
            Column(name="begins", unit=Unit.SECOND),
            Column(name="lasts", unit=Unit.SECOND),
            Column(name="line"),
        ),
        rows=tuple(rows),
    )


def _label(call: Call) -> str:
    if call.work is Work.REMOTE:
        return name_of(call)
    return call.label.split(None, 1)[0].upper() if is_transaction_control(call.label) else call.label
