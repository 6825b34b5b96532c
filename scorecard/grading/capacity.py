"""How many users the service holds, what it was asked to bear, and where its time goes."""

from __future__ import annotations

from collections.abc import Mapping

from scorecard.evidence import Fact, Text, Unit
from scorecard.grading.observations import Ledger, Unusable, observe
from scorecard.quantities import both
from scorecard.scorecard import Capacity, Judged, Verdict

USERS_HELD = "load.users_held"
MAX_AGE_DAYS = 30
"""A load test counts for a month, as at AWS Resilience Hub; criteria on the same facts use the same limit."""

_SHARES = {
    "trace.share_sql": Text(en="in the database", fr="dans la base de données"),
    "trace.share_application": Text(en="in the application's own code", fr="dans le code de l’application"),
    "trace.share_remote": Text(en="waiting for other services", fr="à attendre d’autres services"),
}


def capacity(judged: Mapping[str, Judged], book: Ledger) -> Capacity:
    """The capacity block. The users held are those the criteria judged: where they are unknown, so are these."""
    held = _users_held(judged, book)
    users = held if isinstance(held, Fact) else None
    return Capacity(
        users=_whole(users.value if users else None),
        users_low=_whole(users.low if users else None),
        users_high=_whole(users.high if users else None),
        demand_rps=_number(book, "demand.requests_per_s", "demand", Unit.REQUESTS_PER_SECOND),
        sustained_rps=(
            None if users is None else _number(book, "load.sustained_rps", "load", Unit.REQUESTS_PER_SECOND)
        ),
        reason=held if isinstance(held, Text) else None,
        bottleneck=_bottleneck(judged, book),
        confidence=None if users is None else _number(book, "load.confidence", "load", Unit.RATIO),
        replicas_needed=None if users is None else _whole(_number(book, "load.replicas_needed", "load", Unit.COUNT)),
    )


def _users_held(judged: Mapping[str, Judged], book: Ledger) -> Fact | Text:
    found = observe(book, USERS_HELD, "load", Unit.USERS, MAX_AGE_DAYS)
    if isinstance(found, Unusable):
        return found.reason
    for item in _asking(judged, USERS_HELD):
        if item.verdict is Verdict.UNKNOWN:
            return item.reason
    return found.fact


def _bottleneck(judged: Mapping[str, Judged], book: Ledger) -> Text | None:
    """The slowest route and the largest share of the time, when enough traces arrived to say so."""
    arrived = _asking(judged, "trace.arrived_share")
    if not arrived or any(item.verdict is not Verdict.PASS for item in arrived):
        return None
    route = observe(book, "trace.slowest_route", "traces", Unit.TEXT, MAX_AGE_DAYS)
    shares = {name: _number(book, name, "traces", Unit.RATIO) for name in _SHARES}
    known = {name: share for name, share in shares.items() if share is not None}
    if isinstance(route, Unusable) or not known:
        return None
    largest = max(sorted(known), key=lambda name: known[name])
    share, where = both(known[largest], Unit.RATIO, 2), _SHARES[largest]
    name = str(route.fact.value)
    return Text(
        en=f"{name} is the slowest; {share.en} of the time is spent {where.en}",
        fr=f"{name} est la plus lente ; {share.fr} du temps passe {where.fr}",
    )


def _asking(judged: Mapping[str, Judged], fact: str) -> list[Judged]:
    asking = [j for j in judged.values() if j.criterion.fact == fact and j.verdict is not Verdict.NOT_APPLICABLE]
    return sorted(asking, key=lambda j: j.criterion.id)


def _number(book: Ledger, fact: str, evidence: str, unit: Unit) -> float | None:
    found = observe(book, fact, evidence, unit, MAX_AGE_DAYS)
    if isinstance(found, Unusable) or isinstance(found.fact.value, bool | str) or found.fact.value is None:
        return None
    return float(found.fact.value)


def _whole(value: bool | float | str | None) -> int | None:
    return None if value is None or isinstance(value, bool | str) else int(value)
