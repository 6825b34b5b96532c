"""Time that requests spend waiting for their turn: at a pool, at a lock, or for the event loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median

from observability.diagnosis.diagnosis import Diagnosis, Rule, milliseconds, percent
from observability.diagnosis.group import MIN_REQUESTS, Crowd, Group
from observability.inside import POOL_WAIT
from observability.requests import Call, Request, merged_length
from observability.routes import percentile
from observability.sent import Visit
from observability.spans import Work
from observability.statements import is_transaction_control
from scorecard.evidence import Text

LEAST_SHARE = 0.3
LEAST_WAIT_S = 0.01
FREE_CORES = 0.5
"""Processor time (cores) that the service may use at most for its waiting not to be put down to a busy processor: one
Python process is busy at one core."""
MOST_AT_ONCE = 64
"""Beyond so many at once it is no longer a narrow door that is waited at."""
COVERED = 0.7
"""Share of the waiting time in which the door has to be seen full."""
GROWTH = 3.0
ONE_BY_ONE = 0.4
"""Requests that take turns end as far apart as one takes alone, side by side a small part of it; halfway between, so
that two processes with a lock each are still seen."""
EVEN = 0.5
"""Turns are about as long as each other: a quarter of the gaps at most is shorter than so much of the usual one."""
LEAST_BLOCK_S = 0.01
"""Holding the event loop for less is what any handler does."""

_WIDER_POOL = Text(
    en="Let more connections be open (as many as the database bears, over all workers), and hold each only while a "
    "statement runs.",
    fr="Ouvrir plus de connexions (autant que la base en supporte, tous processus compris) et ne tenir chacune que le "
    "temps d’une requête SQL.",
)
_NO_LOCK = Text(
    en="Hold no lock while waiting: lock the one thing that changes, not the service, or let the database decide.",
    fr="Ne tenir aucun verrou pendant une attente\u202f: verrouiller la seule chose qui change, non le service, ou "
    "laisser la base trancher.",
)
_NO_BLOCKING = Text(
    en="Await an asynchronous client, or declare the route with def so that it runs in a thread of its own.",
    fr="Attendre (await) un client asynchrone, ou déclarer la route avec def pour qu’elle s’exécute dans son fil.",
)


def at_the_door(groups: Sequence[Group], work: Work) -> Iterator[Diagnosis]:
    """Routes that wait before their first call of ``work``, while as many as ever go on at once are going on.

    That is what a pool looks like from outside, and a lock around the calls; statements point to the first, remote
    calls to the second.
    """
    sections = [s for group in groups for r in group.requests if (s := _section(r, work)) is not None]
    crowd = Crowd(sections)
    most = max((crowd.at(begin) + 1 for begin, end in sections if end > begin), default=0)
    if not 0 < most <= MOST_AT_ONCE:
        return
    full_until = crowd.time_with(most)
    for group in groups:
        waits = [(r.start_ns, s[0]) for r in group.requests if (s := _section(r, work)) is not None]
        if len(waits) < MIN_REQUESTS:
            continue
        full = sum(full_until(end) - full_until(begin) for begin, end in waits)
        total = sum(end - begin for begin, end in waits)
        spent = full / 1e9
        if total == 0 or full < COVERED * total or not _matters(spent, len(waits), group.total_s):
            continue
        yield _door(group, work, most, spent, spent / len(waits))


def at_the_pool(groups: Sequence[Group]) -> Iterator[Diagnosis]:
    """Routes that wait for a connection, as the service itself says.

    A pool is shared: one that is too narrow holds up all who use the database, not a few of them for a moment. Where
    their statements are slowed down too, connections are kept long because of that: a busy machine is no pool.
    """
    users = [group for group in groups if any(r.sql > 0 for r in group.requests)]
    waited = sum(c.seconds for group in users for r in group.requests for c in r.calls if is_pool_wait(c))
    if waited < LEAST_SHARE * sum(group.total_s for group in users):
        return
    for group in users:
        few, many = (median(r.sql for r in part) for part in (group.quiet, group.busy))
        if many >= GROWTH * few > 0:
            continue
        waits = [c for r in group.requests for c in r.calls if is_pool_wait(c)]
        spent = sum(c.seconds for c in waits)
        if waits and _matters(spent, len(group.requests), group.total_s):
            size = waits[0].label.removeprefix(POOL_WAIT)
            most = int(size) if size.isdecimal() else 1
            yield _door(group, Work.SQL, most, min(spent, group.total_s), spent / len(group.requests))


def is_pool_wait(call: Call) -> bool:
    """Whether it is a wait for a connection of a pool."""
    return call.work is Work.OTHER and call.label.startswith(POOL_WAIT)


def is_free(cores_used: float | None) -> bool:
    """Whether the processor is known not to be what requests wait for."""
    return cores_used is not None and cores_used <= FREE_CORES


def own_locks(groups: Sequence[Group], cores_used: float | None) -> Iterator[Diagnosis]:
    """Routes whose own time grows with the number under way although the processor is free, and that take turns.

    With the processor busy, or not known to be free, waiting and working look alike: nothing is said. Nor where most
    routes grow alike, which is what a machine that others keep busy looks like, or a process short of threads.
    """
    growing = [group for group in groups if _grows(group)]
    if not is_free(cores_used) or (len(groups) > 1 and len(growing) * 2 > len(groups)):
        return
    for group in growing:
        yield from _own_lock(group)


def _grows(group: Group) -> bool:
    if group.met_busy < 2 * group.met_quiet + 1:
        return False
    few, many = (median(r.application for r in part) for part in (group.quiet, group.busy))
    return many >= GROWTH * few


def _own_lock(group: Group) -> Iterator[Diagnosis]:
    few = median(r.application for r in group.quiet)
    many = median(r.application for r in group.busy)
    spent = sum(max(0.0, r.application - few) for r in group.requests)
    if not _matters(spent, len(group.requests), group.total_s):
        return
    gaps = _gaps(group.requests)
    if len(gaps) < MIN_REQUESTS or median(gaps) < ONE_BY_ONE * few or percentile(gaps, 0.25) < EVEN * median(gaps):
        return
    alone, together = milliseconds(few), milliseconds(many)
    yield Diagnosis(
        Rule.LOCK_WAIT,
        group.route,
        "own code",
        None,
        spent,
        spent,
        Text(
            en=f"requests wait for each other in its own code, {together.en} where one alone needs {alone.en}, "
            "the processor being free",
            fr=f"les appels s’attendent dans son propre code, {together.fr} au lieu de {alone.fr} pour un seul, "
            "le processeur étant libre",
        ),
        _NO_LOCK,
        places=1,
    )


def event_loop(groups: Sequence[Group], visits: Mapping[str, Visit], cores_used: float | None) -> Iterator[Diagnosis]:
    """Routes that make all others wait before they are even begun: served one at a time, the processor being free."""
    if not is_free(cores_used):
        return
    for group in groups:
        seen = [(r, visits[r.trace_id]) for r in group.requests if r.trace_id in visits and not r.nested]
        if len(seen) < MIN_REQUESTS:
            continue
        waits = [max(0.0, visit.latency - r.duration) for r, visit in seen]
        busy = [(r.start_ns, r.end_ns) for r, _ in seen]
        asked = [(round(v.start * 1e9), round((v.start + v.latency) * 1e9)) for _, v in seen]
        served_at_once = sum(e - b for b, e in busy) / max(1, merged_length(busy))
        asked_at_once = sum(e - b for b, e in asked) / max(1, merged_length(asked))
        own = sum(r.application for r, _ in seen)
        served = sum(r.duration for r, _ in seen)
        if served_at_once > 1.1 or asked_at_once < 2 or own * 2 < served:
            continue
        latency = sum(visit.latency for _, visit in seen)
        # Waiting while nothing is served is the network, or a machine that is busy with something else.
        behind = Crowd(busy).time_with(1)
        explained = sum(
            max(0, behind(r.start_ns) - behind(begun)) for (r, _), (begun, _) in zip(seen, asked, strict=True)
        )
        each_s = served / len(seen)
        if each_s < LEAST_BLOCK_S or explained < COVERED * sum(waits) * 1e9:
            continue
        if not _matters(sum(waits), len(waits), latency):
            continue
        share, each = percent(sum(waits) / latency), milliseconds(each_s)
        yield Diagnosis(
            Rule.BLOCKING_CALL,
            group.route,
            "own code",
            None,
            sum(waits),
            sum(waits),
            Text(
                en=f"it blocks the event loop for {each.en} each time: {share.en} of what people wait is spent before "
                "the service begins",
                fr=f"elle bloque la boucle d’événements pendant {each.fr} à chaque appel\u202f: {share.fr} de "
                "l’attente a lieu avant que le service ne commence",
            ),
            _NO_BLOCKING,
            places=1,
        )


def _gaps(requests: Sequence[Request]) -> list[float]:
    """Seconds between the ends of two requests that were under way together and ended one after the other, in order."""
    by_end = sorted(requests, key=lambda r: r.end_ns)
    return sorted((later.end_ns - one.end_ns) / 1e9 for one, later in pairwise(by_end) if later.start_ns < one.end_ns)


def _section(request: Request, work: Work) -> tuple[int, int] | None:
    """From the first call of this kind to the end of the last: the time a connection, or a lock, is held."""
    calls = [c for c in request.calls if c.work is work]
    if not any(not is_transaction_control(c.label) for c in calls):
        return None
    return calls[0].start_ns, max(c.end_ns for c in calls)


def _matters(spent: float, requests: int, total: float) -> bool:
    return total > 0 and spent >= LEAST_SHARE * total and spent >= LEAST_WAIT_S * requests


def _door(group: Group, work: Work, most: int, spent: float, each: float) -> Diagnosis:
    share, wait = percent(spent / group.total_s), milliseconds(each)
    if work is Work.SQL:
        said = Text(
            en=f"waits {wait.en} for a connection to the database, {share.en} of the time: at most {most} in use",
            fr=f"attend {wait.fr} une connexion à la base, {share.fr} du temps\u202f: au plus {most} à la fois",
        )
        return Diagnosis(Rule.POOL_WAIT, group.route, "connection", None, spent, spent, said, _WIDER_POOL, places=most)
    said = Text(
        en=f"waits {wait.en} for its turn to call another service, {share.en} of the time: at most {most} at once",
        fr=f"attend {wait.fr} son tour d’appeler un autre service, {share.fr} du temps\u202f: au plus {most} à la fois",
    )
    return Diagnosis(Rule.LOCK_WAIT, group.route, "outgoing call", None, spent, spent, said, _NO_LOCK, places=most)
