"""Requests summed up by route."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from observability.requests import Request
from scorecard.evidence import Column, Table, Unit

_Value = TypeVar("_Value")
MAX_ROUTES = 100
OTHERS = "(others)"


@dataclass(frozen=True)
class Route:
    """What the requests of one route have in common; times in seconds."""

    name: str
    requests: int
    p50: float
    p95: float
    total: float
    sql_p95: int
    """Statements in one request: 95th percentile, so that a first request that warms a pool does not speak for all."""
    statements: dict[str, float]
    """Times each statement runs in one request, on average, the most often first."""


def by_route(requests: Iterable[Request]) -> list[Route]:
    """Routes, the one that takes the most server time first; beyond :data:`MAX_ROUTES` they are summed as others."""
    groups: dict[str, list[Request]] = defaultdict(list)
    for request in requests:
        groups[request.route].append(request)
    ordered = sorted(groups.items(), key=lambda item: (-sum(r.duration for r in item[1]), item[0]))
    routes = [_route(name, group) for name, group in ordered[:MAX_ROUTES]]
    rest = [request for _, group in ordered[MAX_ROUTES:] for request in group]
    return [*routes, _route(OTHERS, rest)] if rest else routes


def _route(name: str, requests: Sequence[Request]) -> Route:
    durations = sorted(r.duration for r in requests)
    statements: Counter[str] = Counter()
    for request in requests:
        statements.update(request.statements)
    return Route(
        name=name,
        requests=len(requests),
        p50=percentile(durations, 0.50),
        p95=percentile(durations, 0.95),
        total=sum(durations),
        sql_p95=int(percentile(sorted(r.sql_count for r in requests), 0.95)),
        statements={text: count / len(requests) for text, count in statements.most_common()},
    )


def table(routes: Sequence[Route]) -> Table:
    """One row a route, in their order."""
    total = sum(route.total for route in routes)
    return Table(
        id="trace.routes",
        columns=(
            Column(name="route"),
            Column(name="requests", unit=Unit.COUNT),
            Column(name="sql_per_request", unit=Unit.COUNT),
            Column(name="p50", unit=Unit.SECOND),
            Column(name="p95", unit=Unit.SECOND),
            Column(name="share_of_time", unit=Unit.RATIO),
        ),
        rows=tuple(
            (
                route.name,
                route.requests,
                sum(route.statements.values()),
                route.p50,
                route.p95,
                route.total / total if total > 0 else None,
            )
            for route in routes
        ),
    )


def percentile(ordered: Sequence[_Value], share: float) -> _Value:
    """The nearest-rank percentile of values already in order: the smallest with at least ``share`` at or below it."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
