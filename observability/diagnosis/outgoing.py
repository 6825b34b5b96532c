"""Calls to other services: too many, one after another, without an end, or tried again without mercy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import mean

from observability.diagnosis.diagnosis import Diagnosis, Rule, milliseconds
from observability.diagnosis.group import MIN_REQUESTS, Group
from observability.requests import Call, Request, merged_length
from observability.spans import Work
from scorecard.evidence import Text

CHATTY = 8
SERIAL = 3
"""Two in a row mostly need each other (a token, then what it opens); with three some could have gone together."""
TRIES = 3
LEAST_SHARE = 0.3
PATIENCE = 5.0
"""A call that lasts so many times the objective of the whole request, and was not given up, has no useful timeout."""
LONG_S = 2.0
"""What an overloaded service may wait for itself, or on a machine short of processor, is no missing timeout."""
FEWEST_ENDLESS = 2

_ALL_IN_ONE = Text(
    en="Ask for all of it in one call, or keep the answers: each call pays the way there and back.",
    fr="Tout demander en un seul appel, ou garder les réponses\u202f: chaque appel paie l’aller et le retour.",
)
_TOGETHER = Text(
    en="Start those that do not need each other's answer together (asyncio.gather), and wait for all once.",
    fr="Lancer ensemble ceux qui n’ont pas besoin de la réponse des autres (asyncio.gather), et attendre une fois.",
)
_END = Text(
    en="Give the call a timeout shorter than people's patience, and answer without it or queue the work.",
    fr="Donner à l’appel un délai plus court que la patience des usagers, et répondre sans lui ou différer le travail.",
)
_FEWER_TRIES = Text(
    en="Try again at most once, after a pause with chance in it, and stop asking for a while one that keeps refusing.",
    fr="Ne réessayer qu’une fois, après une pause en partie aléatoire, et cesser un temps d’appeler qui refuse encore.",
)


def find(group: Group, objective_s: float) -> Iterator[Diagnosis]:
    """What is wrong with the outgoing calls of a route; ``objective_s`` is what the whole request may take."""
    if group.total_s <= 0:
        return
    calling = [(r, calls) for r in group.requests if (calls := _outgoing(r))]
    if len(calling) < MIN_REQUESTS:
        return
    yield from _endless(group, calling, objective_s)
    retried = list(_retried(group, calling))
    yield from retried
    if not retried:
        yield from _many(group, calling)


def _endless(group: Group, calling: Sequence[tuple[Request, list[Call]]], objective_s: float) -> Iterator[Diagnosis]:
    limit = max(PATIENCE * objective_s, LONG_S)
    by_name: dict[str, list[Call]] = defaultdict(list)
    for _, calls in calling:
        for call in calls:
            by_name[name_of(call)].append(call)
    for name, calls in sorted(by_name.items()):
        endless = [c for c in calls if c.seconds > limit and not c.failed]
        if len(endless) < FEWEST_ENDLESS:
            continue
        longest, allowed = f"{max(c.seconds for c in endless):.1f}", f"{objective_s:g}"
        yield Diagnosis(
            Rule.UNBOUNDED_REMOTE,
            group.route,
            name,
            len(calls) / len(group.requests),
            sum(c.seconds for c in endless),
            sum(c.seconds - objective_s for c in endless),
            Text(
                en=f"waits for another service ({name}) for up to {longest} s without giving up, where the whole "
                f"answer may take {allowed} s",
                fr=f"attend un autre service ({name}) jusqu’à {longest.replace('.', ',')}\u202fs sans renoncer, quand "
                f"la réponse entière doit prendre {allowed.replace('.', ',')}\u202fs",
            ),
            _END,
        )


def _retried(group: Group, calling: Sequence[tuple[Request, list[Call]]]) -> Iterator[Diagnosis]:
    tries: dict[str, list[list[Call]]] = defaultdict(list)
    for _, calls in calling:
        by_name: dict[str, list[Call]] = defaultdict(list)
        for call in calls:
            by_name[name_of(call)].append(call)
        for name, mine in by_name.items():
            # All but the last have to have failed: calls made again because of it, not a list of calls.
            if len(mine) >= TRIES and all(c.failed for c in mine[:-1]):
                tries[name].append(mine)
    for name, found in sorted(tries.items()):
        if len(found) < MIN_REQUESTS:
            continue
        each = mean(len(mine) for mine in found)
        spent = sum(c.seconds for mine in found for c in mine)
        saved = spent - sum(mine[0].seconds for mine in found)
        yield Diagnosis(
            Rule.RETRIES,
            group.route,
            name,
            each,
            spent,
            saved,
            Text(
                en=f"a call that fails ({name}) is tried {each:.0f} times a request: who is in trouble gets that "
                "many times the load",
                fr=f"un appel qui échoue ({name}) est tenté {each:.0f} fois par requête\u202f: le service en "
                "difficulté reçoit autant de fois la charge",
            ),
            _FEWER_TRIES,
        )


def _many(group: Group, calling: Sequence[tuple[Request, list[Call]]]) -> Iterator[Diagnosis]:
    chains = [_chain(calls) for _, calls in calling]
    long_ones = [chain for chain in chains if len(chain) >= SERIAL]
    if len(long_ones) * 2 < len(calling):
        return
    spent = sum(c.seconds for chain in long_ones for c in chain)
    number = mean(len(chain) for chain in long_ones)
    chatty = number >= CHATTY
    longest = sum(max(c.seconds for c in chain) for chain in long_ones)
    saved = spent - longest
    if saved < LEAST_SHARE * group.total_s:
        return
    names = list(dict.fromkeys(name_of(c) for c in long_ones[0]))
    place = ", ".join(names[:3])
    each = milliseconds(spent / len(long_ones))
    if chatty:
        said = Text(
            en=f"{number:.0f} calls to another service a request ({place}), {each.en} in all",
            fr=f"{number:.0f} appels à un autre service par requête ({place}), {each.fr} en tout",
        )
        yield Diagnosis(Rule.CHATTY_REMOTE, group.route, place, number, spent, saved, said, _ALL_IN_ONE)
        return
    said = Text(
        en=f"{number:.0f} calls to other services one after another ({place}), {each.en} in all",
        fr=f"{number:.0f} appels à d’autres services l’un après l’autre ({place}), {each.fr} en tout",
    )
    yield Diagnosis(Rule.SERIAL_REMOTE, group.route, place, number, spent, saved, said, _TOGETHER)


def _chain(calls: Sequence[Call]) -> list[Call]:
    """The calls, where none of them runs beside another; else those that begin after all before have ended."""
    if merged_length([(c.start_ns, c.end_ns) for c in calls]) * 1.1 < sum(c.end_ns - c.start_ns for c in calls):
        return []
    return list(calls)


def _outgoing(request: Request) -> list[Call]:
    return [c for c in request.calls if c.work is Work.REMOTE]


def name_of(call: Call) -> str:
    """Where it was answered, if that is traced, else how it calls itself."""
    return call.answered_by if call.answered_by else call.label
