"""Traces that break: what one side begins, the other does not go on with."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

from observability.diagnosis.diagnosis import Diagnosis, Rule
from observability.diagnosis.group import MIN_REQUESTS, Group
from observability.requests import Call, Request
from observability.sent import Sent
from observability.spans import Span, Work
from scorecard.evidence import Text

LEAST_SHARE = 0.8
MOST_CALLS = 1_000
"""Calls of a route looked at, the first in time: to compare each with each has to end."""
_PASS_ON = Text(
    en="Let the header traceparent through on every hop (proxy, gateway, queue), and go on with the trace it names.",
    fr="Laisser passer l’en-tête traceparent à chaque saut (mandataire, passerelle, file) et poursuivre sa trace.",
)


def between_services(groups: Sequence[Group], everything: Sequence[Request]) -> Iterator[Diagnosis]:
    """Routes whose outgoing calls are answered by requests that began a trace of their own.

    A request belongs to a call when it was served within it, and each to one call only; a route counts when nearly all
    of its calls have such an answer from one and the same route, which begins hardly any other trace.
    """
    roots: dict[str, list[Request]] = defaultdict(list)
    for request in everything:
        if request.root:
            roots[request.route].append(request)
    for one in roots.values():
        one.sort(key=lambda r: r.start_ns)
    for group in groups:
        unanswered = (c for r in group.requests for c in r.calls if c.work is Work.REMOTE and not c.answered_by)
        lost = list(islice(unanswered, MOST_CALLS))
        if len(lost) < MIN_REQUESTS:
            continue
        until = max(call.end_ns for call in lost)
        for route, requests in sorted(roots.items()):
            begun = [request for request in requests if request.start_ns <= until]
            matched = _matched(lost, begun)
            if matched >= LEAST_SHARE * len(lost) and matched >= LEAST_SHARE * len(begun):
                yield _broken(
                    group.route,
                    route,
                    Text(
                        en=f"its calls reach {route} without their trace: {matched} of {len(lost)} begin a new one",
                        fr=f"ses appels arrivent à {route} sans leur trace\u202f: {matched} sur {len(lost)} y en "
                        "commencent une autre",
                    ),
                )


def at_the_entry(sent: Sent | None, everything: Sequence[Request]) -> Iterator[Diagnosis]:
    """Steps of the load whose traces never came, while the service began traces of its own."""
    if sent is None:
        return
    came = {request.trace_id for request in everything}
    begun = sum(1 for r in everything if r.root and r.trace_id not in sent.traces)
    names = Counter(sent.visits[trace].name for trace in sent.answered if trace in sent.visits)
    lost = Counter(sent.visits[trace].name for trace in sent.answered - came if trace in sent.visits)
    for name, number in sorted(lost.items()):
        if number < MIN_REQUESTS or number < LEAST_SHARE * names[name] or begun * 2 < number:
            continue
        yield _broken(
            name,
            "traceparent",
            Text(
                en=f"{number} of {names[name]} requests lost their trace on the way in, while the service began "
                f"{begun} of its own",
                fr=f"{number} appels sur {names[name]} ont perdu leur trace à l’entrée, quand le service en "
                f"commençait {begun} à lui",
            ),
        )


def at_the_queue(groups: Sequence[Group], handed: Sequence[Span], taken: Sequence[Span]) -> Iterator[Diagnosis]:
    """Routes that hand work to a queue, out of which it is taken in traces that nothing leads to.

    A trace that goes on in the worker is sound, and so is a new one that names the trace it comes from (a link).
    """
    begun = {span.trace_id for span in handed}
    of_requests = {r.trace_id: group.route for group in groups for r in group.requests}
    routes = Counter(of_requests[span.trace_id] for span in handed if span.trace_id in of_requests)
    names = Counter(span.label for span in taken)
    lost = Counter(s.label for s in taken if s.parent_id == "" and s.trace_id not in begun and not s.links & begun)
    if not routes:
        return
    (route, number), known = routes.most_common(1)[0], sum(routes.values())
    for name, without in sorted(lost.items()):
        # A worker whose work comes from elsewhere as well (a timer) has nothing to go on with there.
        if min(without, known) < MIN_REQUESTS or without < LEAST_SHARE * names[name] or number * 2 < known:
            continue
        yield _broken(
            route,
            name,
            Text(
                en=f"what it puts in a queue is taken from the queue without its trace ({name}): {without} of "
                f"{names[name]} begin a new one",
                fr=f"ce qu’elle met en file en est retiré sans sa trace ({name})\u202f: {without} sur {names[name]} en "
                "commencent une autre",
            ),
        )


def _matched(calls: Sequence[Call], begun: Sequence[Request]) -> int:
    """Calls within which one of ``begun`` (in order of time) was served, each used once."""
    starts = [request.start_ns for request in begun]
    used: set[int] = set()
    for call in sorted(calls, key=lambda c: c.end_ns):
        for place in range(bisect_left(starts, call.start_ns), len(begun)):
            request = begun[place]
            if request.start_ns > call.end_ns:
                break
            if place not in used and request.end_ns <= call.end_ns:
                used.add(place)
                break
    return len(used)


def _broken(route: str, place: str, said: Text) -> Diagnosis:
    return Diagnosis(Rule.BROKEN_PROPAGATION, route, place, None, 0.0, 0.0, said, _PASS_ON)
