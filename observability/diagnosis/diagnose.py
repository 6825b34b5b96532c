"""All rules over the requests of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from observability.diagnosis import context, outgoing, own_time, repeated, slow, waiting
from observability.diagnosis.diagnosis import Diagnosis, in_order
from observability.diagnosis.group import grouped
from observability.requests import Request
from observability.sent import Sent
from observability.spans import Work


def diagnose(
    requests: Sequence[Request],
    everything: Sequence[Request],
    sent: Sent | None,
    *,
    objective_s: float,
    cores_used: float | None,
) -> list[Diagnosis]:
    """What to mend, that which gains the most first.

    Args:
        requests: those to be judged (of the load, where there was one).
        everything: all that were traced, among which lost traces are looked for.
        sent: what the load generator sent, None when nothing is known of it.
        objective_s: what one request may take, in seconds.
        cores_used: processor time of the service at its busiest, in cores; None when not known.
    """
    return in_order(list(_found(requests, everything, sent, objective_s, cores_used)))


def _found(
    requests: Sequence[Request],
    everything: Sequence[Request],
    sent: Sent | None,
    objective_s: float,
    cores_used: float | None,
) -> Iterator[Diagnosis]:
    groups = grouped(requests)
    explosions = [d for group in groups for d in own_time.span_explosion(group)]
    yield from explosions
    # A route that makes hundreds of spans holds the event loop by making them, and that is its own time.
    quick_to_trace = [group for group in groups if group.route not in {d.route for d in explosions}]
    waits = [
        *waiting.at_the_door(groups, Work.SQL),
        *waiting.at_the_door(groups, Work.REMOTE),
        *waiting.event_loop(quick_to_trace, {} if sent is None else sent.visits, cores_used),
    ]
    through_doors = {d.route for d in waits}
    waits += waiting.own_locks([group for group in groups if group.route not in through_doors], cores_used)
    explained = {d.route for d in (*waits, *explosions)}
    yield from waits
    for group in groups:
        yield from repeated.find(group)
        yield from slow.find(group)
        yield from outgoing.find(group, objective_s)
        if group.route not in explained:
            yield from own_time.outside_spans(group)
    yield from context.between_services(groups, everything)
    yield from context.at_the_entry(sent, everything)
