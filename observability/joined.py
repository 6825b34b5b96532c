"""The load and the traces joined, request by request: what arrived, and the time between the client and the handler.

What the client saw beyond the spans of the server is lost on the way: connecting, waiting to be accepted, waiting for
the event loop or a thread before the handler begins, and coming back. How much needs no common clock; how much of it
lies before the handler does, and is unknown where the two clocks differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from observability.received import Received
from observability.requests import Request, merged_length
from observability.routes import percentile
from observability.sent import Sent, Visit
from scorecard.evidence import Column, Fact, Table, Text, Unit

MAX_STEPS = 100
MIN_JOINED = 20
"""Requests below which a 95th percentile says nothing."""
_CLOCK_TOLERANCE_S = 0.005
"""How far two readings of one clock may lie apart: a span ends a little after its answer has left, later still on a
machine that is busy."""
_SHARE_APART = 0.05
"""Share of the requests that may begin before they were sent, or end after they were answered, on one clock."""

NOTHING = Text(
    en=f"fewer than {MIN_JOINED} requests have both what the generator saw and the spans of the service",
    fr=f"moins de {MIN_JOINED} requêtes ont à la fois la mesure du générateur et les traces du service",
)


@dataclass(frozen=True)
class Joined:
    """One request seen from both sides; times in seconds."""

    step: str
    client: float
    """From handing the request over to the whole answer."""
    handled: float
    """The part of it inside spans of the service."""
    before: float
    """From handing over to the first span, by two clocks."""

    @property
    def outside(self) -> float:
        """The part of it outside any span of the service."""
        return max(0.0, self.client - self.handled)


def join(requests: Iterable[Request], sent: Sent | None) -> list[Joined]:
    """The requests of the load that are known from both sides."""
    served: dict[str, list[Request]] = defaultdict(list)
    visits = {} if sent is None else sent.visits
    for request in requests:
        if not request.nested and request.trace_id in visits:
            served[request.trace_id].append(request)
    return [
        _joined(visits[trace], took, group)
        for trace, group in served.items()
        if (took := visits[trace].took) is not None
    ]


def facts(joined: Sequence[Joined], received: Received, nothing: Text | None) -> list[Fact]:
    """Share of the clients' time outside the service, the wait before the handler, and whether the clocks agree.

    ``nothing`` is why the service showed no request at all, None where it did.
    """
    detail = f"n = {len(joined)}"
    total = sum(one.client for one in joined)
    outside = sum(one.outside for one in joined)
    little = len(joined) < MIN_JOINED or total <= 0
    too_few = NOTHING if nothing is None else nothing
    apart = clock_difference(joined)
    why = too_few if little else _apart(apart) if apart else None
    worst = _worst(joined)
    return [
        Fact(
            id="trace.outside_share",
            value=None if little else outside / total,
            unit=Unit.RATIO,
            reason=too_few if little else None,
            detail=detail,
        ),
        Fact(
            id="trace.before_handler_p95",
            value=None if why is not None else percentile(sorted(max(0.0, one.before) for one in joined), 0.95),
            unit=Unit.SECOND,
            reason=why,
            detail=detail if worst is None or why is not None else f"{detail}; {worst}",
        ),
        Fact(
            id="trace.clock_difference",
            value=None if little else apart,
            unit=Unit.SECOND,
            reason=too_few if little else None,
            detail=detail,
        ),
        Fact(id="trace.read_share", value=received.share_read, unit=Unit.RATIO),
    ]


def table(joined: Sequence[Joined], sent: Sent | None) -> Table:
    """For each step of the journeys what arrived, and where the client's time went; the most waited for first."""
    groups: dict[str, list[Joined]] = defaultdict(list)
    for one in joined:
        groups[one.step].append(one)
    visits = {} if sent is None else sent.visits
    answered: dict[str, int] = defaultdict(int)
    for trace in () if sent is None else sent.answered:
        if trace in visits:
            answered[visits[trace].name] += 1
    same_clock = not clock_difference(joined)
    rows = [_row(step, answered[step], groups[step], same_clock) for step in {*groups, *answered}]
    rows.sort(key=lambda row: (-(row[5] if isinstance(row[5], float) else -1.0), str(row[0])))
    return Table(
        id="trace.joined",
        columns=(
            Column(name="journey_step"),
            Column(name="answered", unit=Unit.COUNT),
            Column(name="traced", unit=Unit.COUNT),
            Column(name="client_p95", unit=Unit.SECOND),
            Column(name="handled_p95", unit=Unit.SECOND),
            Column(name="outside_p95", unit=Unit.SECOND),
            Column(name="before_handler_p95", unit=Unit.SECOND),
        ),
        rows=tuple(rows[:MAX_STEPS]),
    )


def clock_difference(joined: Sequence[Joined]) -> float:
    """Seconds by which the clock of the service is ahead of the generator's; 0 where they agree.

    On one clock a request begins after it was sent and ends before it was answered. Where too many do not, the median
    of the middles is the difference: the two ways of a request are alike (as NTP assumes, RFC 5905, section 8).
    """
    odd = sum(
        1
        for one in joined
        if one.before < -_CLOCK_TOLERANCE_S or one.before + one.handled > one.client + _CLOCK_TOLERANCE_S
    )
    if odd <= _SHARE_APART * len(joined):
        return 0.0
    apart = median(one.before + one.handled / 2 - one.client / 2 for one in joined)
    return apart if abs(apart) > _CLOCK_TOLERANCE_S else 0.0


def _joined(visit: Visit, took: float, group: Sequence[Request]) -> Joined:
    handled = merged_length([(request.start_ns, request.end_ns) for request in group])
    first = min(request.start_ns for request in group)
    return Joined(visit.name, took, handled / 1e9, first / 1e9 - visit.start)


def _row(step: str, answered: int, group: Sequence[Joined], same_clock: bool) -> tuple[str | float | int | None, ...]:
    def p95(values: Iterable[float]) -> float | None:
        ordered = sorted(values)
        return percentile(ordered, 0.95) if ordered else None

    return (
        step,
        answered,
        len(group),
        p95(one.client for one in group),
        p95(one.handled for one in group),
        p95(one.outside for one in group),
        p95(one.before for one in group) if same_clock else None,
    )


def _worst(joined: Sequence[Joined]) -> str | None:
    groups: dict[str, list[float]] = defaultdict(list)
    for one in joined:
        groups[one.step].append(one.before)
    known = {step: percentile(sorted(waits), 0.95) for step, waits in groups.items() if len(waits) >= MIN_JOINED}
    if not known:
        return None
    step = max(known, key=lambda name: known[name])
    return f"{step}: {known[step]:.3f} s"


def _apart(seconds: float) -> Text:
    return Text(
        en=f"the clocks of the generator and of the service lie about {abs(seconds):.3f} s apart",
        fr=f"les horloges du générateur et du service ont environ {abs(seconds):.3f} s d’écart".replace(".", ","),
    )
