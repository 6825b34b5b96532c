"""All rules over the requests of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from observability.diagnosis import (
    answers,
    context,
    growing,
    held,
    memory,
    outgoing,
    own_time,
    repeated,
    slow,
    waiting,
    within,
)
from observability.diagnosis.diagnosis import Diagnosis, Rule, in_order
from observability.diagnosis.group import Group, grouped
from observability.memory import Sample
from observability.requests import Request
from observability.sent import Sent
from observability.spans import Span, Work

_BEHIND_LOGS = frozenset({Rule.BLOCKING_CALL, Rule.LOCK_WAIT})
_BEHIND_A_CONNECTION = frozenset({Rule.POOL_WAIT, Rule.LOCK_WAIT})


@dataclass(frozen=True)
class Seen:
    """What a run shows beside the requests that are judged.

    Attributes:
        everything: all requests that were traced, among which lost traces are looked for.
        sent: what the load generator sent, None when nothing is known of it.
        handed, taken: spans of what went into a queue, and of what came out of one.
        samples: memory of the service, in order of time.
        cores_used: processor time of the service at its busiest, in cores; None when not known.
        used_up: whether the processor was used up at rates that the service held: a wait for a connection or a lock is
            then its consequence, and a wider door would let nobody through sooner.
    """

    everything: Sequence[Request]
    sent: Sent | None = None
    handed: Sequence[Span] = field(default=())
    taken: Sequence[Span] = field(default=())
    samples: Sequence[Sample] = field(default=())
    cores_used: float | None = None
    used_up: bool = False


def diagnose(requests: Sequence[Request], seen: Seen, *, objective_s: float) -> list[Diagnosis]:
    """What to mend in the requests of the load, that which gains the most first.

    ``objective_s`` is what one request may take, in seconds.
    """
    groups = grouped(requests)
    places = {group.route: group for group in groups}
    found = [*_found(groups, seen, objective_s), *memory.find(requests, seen.samples)]
    return in_order([_placed(one, places.get(one.route)) for one in found])


def _found(groups: Sequence[Group], seen: Seen, objective_s: float) -> Iterator[Diagnosis]:
    explosions = [d for group in groups for d in own_time.span_explosion(group)]
    large = [d for group in groups for d in answers.find(group)]
    logs = {group.route: d for group in groups for d in within.logs(group)}
    holding = {group.route: d for group in groups for d in held.find(group)}
    made = [d for group in groups for d in within.clients_made(group)]
    yield from (*explosions, *large, *made)
    # A route that makes hundreds of spans, megabytes or a client holds the event loop by making them: its own time.
    of_their_own = {d.route for d in (*explosions, *large, *made)}
    others = [group for group in groups if group.route not in of_their_own]
    waits = [
        *([] if seen.used_up else _doors(groups, of_their_own)),
        *waiting.event_loop(others, {} if seen.sent is None else seen.sent.visits, seen.cores_used),
    ]
    through_doors = {d.route for d in waits}
    waits += waiting.own_locks([group for group in others if group.route not in through_doors], seen.cores_used)
    yield from _caused(logs, waits, _BEHIND_LOGS)
    yield from _caused(holding, waits, _BEHIND_A_CONNECTION)
    for one in waits:
        behind_logs = one.route in logs and one.rule in _BEHIND_LOGS
        if not behind_logs and not (one.route in holding and one.rule in _BEHIND_A_CONNECTION):
            yield one
    explained = {d.route for d in waits} | of_their_own | logs.keys()
    for group in groups:
        yield from repeated.find(group)
        slow_ones = list(slow.find(group))
        yield from slow_ones
        yield from (d for d in growing.find(group) if d.place not in {one.place for one in slow_ones})
        yield from outgoing.find(group, objective_s)
        if group.route not in explained:
            yield from own_time.outside_spans(group)
    yield from context.between_services(groups, seen.everything)
    yield from context.at_the_entry(seen.sent, seen.everything)
    yield from context.at_the_queue(groups, seen.handed, seen.taken)


def _doors(groups: Sequence[Group], of_their_own: set[str]) -> Iterator[Diagnosis]:
    """Waits at a pool, as the service says or as it looks from outside, and at locks around calls."""
    pools = list(waiting.at_the_pool(groups))
    yield from pools
    yield from (d for d in waiting.at_the_door(groups, Work.SQL) if d.route not in {one.route for one in pools})
    yield from (d for d in waiting.at_the_door(groups, Work.REMOTE) if d.route not in of_their_own)


def _caused(causes: dict[str, Diagnosis], waits: Sequence[Diagnosis], of: frozenset[Rule]) -> Iterator[Diagnosis]:
    """The causes, each with the longest wait that it makes in its route: mending it saves that too."""
    for route, cause in causes.items():
        mine = [d for d in waits if d.route == route and d.rule in of]
        longest = max(mine, key=lambda d: d.saved_s, default=None)
        if longest is None:
            yield cause
        else:
            yield replace(
                cause,
                spent_s=cause.spent_s + longest.spent_s,
                saved_s=cause.saved_s + longest.saved_s,
                places=longest.places,
            )


def _placed(diagnosis: Diagnosis, group: Group | None) -> Diagnosis:
    """The diagnosis with the line of code that most of its calls are made at, else that of the handler."""
    if group is None or diagnosis.at:
        return diagnosis
    lines = Counter(
        call.at
        for r in group.requests
        for call in r.calls
        if call.at and _is_at(call.label, call.answered_by, diagnosis)
    )
    if not lines:
        lines = Counter(r.at for r in group.requests if r.at)
    return replace(diagnosis, at=lines.most_common(1)[0][0]) if lines else diagnosis


def _is_at(label: str, answered_by: str, diagnosis: Diagnosis) -> bool:
    if diagnosis.rule is Rule.CLIENT_PER_REQUEST:
        return label.endswith(diagnosis.place)
    return diagnosis.place in (label, answered_by) or (answered_by != "" and answered_by in diagnosis.place)
