"""How many users the service holds, what it was asked to bear, and where its time goes."""

from __future__ import annotations

from collections.abc import Mapping

from scorecard.evidence import Fact, Text, Unit
from scorecard.grading.observations import Ledger, Unusable, observe
from scorecard.grading.sentences import quoted, sentence
from scorecard.quantities import both, quantity
from scorecard.scorecard import Capacity, Judged, Verdict

USERS_HELD = "load.users_held"
MAX_AGE_DAYS = 30
"""A load test counts for a month, as at AWS Resilience Hub; criteria on the same facts use the same limit."""

_WORTH_SAYING = 0.05
"""Share of the time of all requests that mending has to gain for the first page to name it."""

_SHARES = {
    "trace.share_sql": Text(en="in the database", fr="dans la base de données"),
    "trace.share_application": Text(en="in the application's own code", fr="dans le code de l’application"),
    "trace.share_remote": Text(en="waiting for other services", fr="à attendre d’autres services"),
}


def capacity(judged: Mapping[str, Judged], book: Ledger, wanted: int) -> Capacity:
    """The capacity block, for ``wanted`` users to serve.

    The users held are those the criteria judged: where they are unknown, so are these.
    """
    held = _users_held(judged, book)
    users = held if isinstance(held, Fact) else None
    low, high = _whole(users.low if users else None), _whole(users.high if users else None)
    return Capacity(
        sentence=sentence(holds(low, high, wanted)),
        users=_whole(users.value if users else None),
        users_low=low,
        users_high=high,
        demand_rps=_demand(book),
        sustained_rps=(
            None if users is None else _number(book, "load.sustained_rps", "load", Unit.REQUESTS_PER_SECOND)
        ),
        reason=held if isinstance(held, Text) else None,
        bottleneck=_bottleneck(judged, book),
        confidence=None if users is None else _number(book, "load.confidence", "load", Unit.RATIO),
        replicas_needed=None if users is None else _whole(_number(book, "load.replicas_needed", "scaling", Unit.COUNT)),
    )


def _demand(book: Ledger) -> float | None:
    """Peak demand in the requests the load test counts (redirects included), else as the journeys' steps promise it."""
    counted = _number(book, "load.demand_rps", "load", Unit.REQUESTS_PER_SECOND)
    return _number(book, "demand.requests_per_s", "demand", Unit.REQUESTS_PER_SECOND) if counted is None else counted


def holds(low: int | None, high: int | None, wanted: int) -> Text:
    """The users held (``low`` to ``high``, None where there is no such end) against those to serve, as a clause."""
    if low is None:
        return Text(en="how many users it holds is not known", fr="on ne sait pas combien d’usagers il peut accueillir")
    if low == 0:
        return _none_held(high, wanted)
    en, fr = (_range(low, high, lang) for lang in ("en", "fr"))
    if high is None or high > wanted:
        to_serve = both(wanted, Unit.COUNT)
        return Text(
            en=f"it holds {en[0]}{en[1]}, for {to_serve.en} to serve",
            fr=f"il peut accueillir {fr[0]}{fr[1]}, pour {to_serve.fr} attendus",
        )
    users = both(wanted, Unit.USERS, None)
    return Text(en=f"it holds {en[0]} of {users.en}", fr=f"il peut accueillir {fr[0]} des {users.fr} attendus")


def _none_held(high: int | None, wanted: int) -> Text:
    users = both(wanted, Unit.USERS, None)
    if high is None or high == 0:
        return Text(
            en=f"it holds none of the {users.en} to serve", fr=f"il ne peut accueillir aucun des {users.fr} attendus"
        )
    most = both(high, Unit.USERS)
    to_serve = both(wanted, Unit.COUNT)
    return Text(
        en=f"it holds {most.en} at most, for {to_serve.en} to serve",
        fr=f"il peut accueillir au plus {most.fr}, pour {to_serve.fr} attendus",
    )


def _range(low: int, high: int | None, lang: str) -> tuple[str, str]:
    """The range in words, and its unit in the right number behind a space that does not break."""
    least, space, unit = quantity(low, Unit.USERS, lang).partition("\u00a0")
    if high is None:
        return (f"au moins {least}" if lang == "fr" else f"at least {least}"), f"{space}{unit}"
    most, space, unit = quantity(high, Unit.USERS, lang).partition("\u00a0")
    if least == most:
        return least, f"{space}{unit}"
    return (f"de {least} à {most}" if lang == "fr" else f"{least} to {most}"), f"{space}{unit}"


def _users_held(judged: Mapping[str, Judged], book: Ledger) -> Fact | Text:
    found = observe(book, USERS_HELD, "load", Unit.USERS, MAX_AGE_DAYS)
    if isinstance(found, Unusable):
        return found.reason
    for item in _asking(judged, USERS_HELD):
        if item.verdict is Verdict.UNKNOWN:
            return item.reason
    return found.fact


def _bottleneck(judged: Mapping[str, Judged], book: Ledger) -> Text | None:
    """What slows first, by the name the project file gives the step, and what to mend, else where most time goes.

    The traces are heard only where enough of them arrived; where no step was too slow they name the slowest route.
    """
    slow = observe(book, "load.slows_first", "load", Unit.TEXT, MAX_AGE_DAYS)
    step = None if isinstance(slow, Unusable) else _step_first(str(slow.fact.value))
    arrived = _asking(judged, "trace.arrived_share")
    if not arrived or any(item.verdict is not Verdict.PASS for item in arrived):
        return step
    diagnosed = _first_diagnosis(book)
    if diagnosed is not None:
        return diagnosed if step is None else Text(en=f"{step.en}; {diagnosed.en}", fr=f"{step.fr} ; {diagnosed.fr}")
    used_up = _used_up(book)
    share = used_up if used_up is not None else _largest_share(book)
    if share is None:
        return step
    first = step if step is not None else _slowest_route(book)
    return None if first is None else Text(en=f"{first.en}; {share.en}", fr=f"{first.fr} ; {share.fr}")


def _step_first(name: str) -> Text:
    """The step of a journey called ``name`` as what slows first, a clause that follows "what slows it"."""
    step = quoted(Text(en=name, fr=name))
    return Text(en=f"first the step {step.en}", fr=f"d’abord l’étape {step.fr}")


def _first_diagnosis(book: Ledger) -> Text | None:
    """The diagnosis that mending would gain the most from, where that is worth a sentence on the first page."""
    gain = _number(book, "trace.first_diagnosis_gain", "traces", Unit.RATIO)
    en, fr = (
        observe(book, f"trace.first_diagnosis{language}", "traces", Unit.TEXT, MAX_AGE_DAYS) for language in ("", "_fr")
    )
    if gain is None or gain < _WORTH_SAYING or isinstance(en, Unusable) or isinstance(fr, Unusable):
        return None
    return Text(en=str(en.fact.value), fr=str(fr.fact.value))


def _used_up(book: Ledger) -> Text | None:
    """The resource that was used up at the highest rate held, where it could be told."""
    en, fr = (
        observe(book, f"load.saturated{language}", "saturation", Unit.TEXT, MAX_AGE_DAYS) for language in ("", "_fr")
    )
    if isinstance(en, Unusable) or isinstance(fr, Unusable):
        return None
    return Text(en=f"{en.fact.value} is used up first", fr=f"{fr.fact.value} s’épuise en premier")


def _slowest_route(book: Ledger) -> Text | None:
    route = observe(book, "trace.slowest_route", "traces", Unit.TEXT, MAX_AGE_DAYS)
    if isinstance(route, Unusable):
        return None
    name = str(route.fact.value)
    return Text(en=f"{name} is the slowest part", fr=f"{name} est la partie la plus lente")


def _largest_share(book: Ledger) -> Text | None:
    """The kind of work that takes most of the time, over all requests."""
    shares = {name: _number(book, name, "traces", Unit.RATIO) for name in _SHARES}
    known = {name: share for name, share in shares.items() if share is not None}
    if not known:
        return None
    largest = max(sorted(known), key=lambda name: known[name])
    share, where = both(known[largest], Unit.RATIO, 2), _SHARES[largest]
    return Text(en=f"{share.en} of the time is spent {where.en}", fr=f"{share.fr} du temps passe {where.fr}")


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
