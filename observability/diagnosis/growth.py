"""The same route with few and with many others under way: what grows on the way to the knee."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from observability.diagnosis.diagnosis import milliseconds
from observability.diagnosis.group import Group
from observability.requests import Request
from scorecard.evidence import Fact, Text, Unit

TOO_EVEN = Text(
    en="no route was met both at low and at high load: nothing to compare",
    fr="aucune route n’a été observée à faible puis à forte charge : rien à comparer",
)

_KINDS: tuple[tuple[str, Callable[[Request], float]], ...] = (
    ("SQL", lambda request: request.sql),
    ("outgoing calls", lambda request: request.remote),
    ("own code", lambda request: request.application),
)


def fact(groups: Sequence[Group], unknown: Text | None) -> Fact:
    """How many times longer the route takes at high load that grows most in all, and what in it grows.

    Args:
        groups: the routes; low and high load are the thirds of their requests that met the fewest and the most others.
        unknown: why nothing can be said, None when something can.
    """
    compared = [g for g in groups if g.met_busy >= 2 * g.met_quiet + 1 and _typical(g.quiet, _whole) > 0]
    if unknown is None and not compared:
        unknown = TOO_EVEN
    if unknown is not None:
        return Fact(id="trace.growth", value=None, unit=Unit.RATIO, reason=unknown)
    worst = max(compared, key=lambda g: len(g.requests) * (_typical(g.busy, _whole) - _typical(g.quiet, _whole)))
    few, many = _typical(worst.quiet, _whole), _typical(worst.busy, _whole)
    grown = max(_KINDS, key=lambda kind: _typical(worst.busy, kind[1]) - _typical(worst.quiet, kind[1]))[0]
    detail = (
        f"{worst.route}: {milliseconds(few).en} with {worst.met_quiet:.0f} others under way, "
        f"{milliseconds(many).en} with {worst.met_busy:.0f}; {grown} grows most"
    )
    return Fact(id="trace.growth", value=many / few, unit=Unit.RATIO, detail=detail)


def _typical(requests: Sequence[Request], seconds: Callable[[Request], float]) -> float:
    return median(seconds(request) for request in requests)


def _whole(request: Request) -> float:
    return request.duration
