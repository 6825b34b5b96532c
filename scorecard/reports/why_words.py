"""Sentences and figures of "where the time goes", the same on the page and in the terminal."""

from __future__ import annotations

from scorecard.evidence import Unit
from scorecard.reports import labels
from scorecard.reports.why import Bar, CallTime, Level, Mend, Pace, RouteTime
from scorecard.reports.words import Words

_WORTH_SAYING = 1.01
MOST_TIMES = 4.0
"""From here on "or more": nothing is forecast beyond."""


def pace(one: Pace, words: Words) -> str:
    """How long answers take at a rate, against the objective where it is known."""
    numbers = {"p95": words.quantity(one.p95, Unit.SECOND), "rate": words.measured(one.rate)}
    if one.objective is None:
        return words.gettext("95 in 100 answers take %(p95)s at most, at %(rate)s journeys begun per second.") % numbers
    numbers["objective"] = words.quantity(one.objective, Unit.SECOND)
    message = words.gettext(
        "95 in 100 answers take %(p95)s at most, at %(rate)s journeys begun per second; the objective is %(objective)s."
    )
    return message % numbers


def level(one: Level, words: Words) -> str:
    """The load that a route was looked at under."""
    name = words.name(labels.LOAD_LEVELS, one.name)
    if one.rate is None:
        return name
    return words.gettext("%(level)s (%(rate)s per second)") % {"level": name, "rate": words.measured(one.rate)}


def p95(route: RouteTime, words: Words) -> str:
    """The 95th percentile of a route, from low load to the knee where both are known."""
    known = [one for one in (route.low, route.knee) if one is not None]
    return " → ".join(words.quantity(one.p95, Unit.SECOND) for one in known)


def seconds(one: Level, kind: str, words: Words) -> str:
    """The time of a kind in a request; a dash where it was not told apart."""
    return words.quantity(dict(one.kinds)[kind], Unit.SECOND) if kind in dict(one.kinds) else "–"


def each(one: CallTime, words: Words) -> str:
    """How often in a request, and how long each time."""
    known = one.each_low if one.each_knee is None else one.each_knee
    times = words.measured(one.per_request)
    return times + " ×" if known is None else f"{times} × {words.quantity(known, Unit.SECOND)}"


def more(bar: Bar, words: Words) -> str:
    """How many calls of the example are not shown."""
    return words.gettext("%(number)s more") % {"number": bar.call}


def brings(mend: Mend, words: Words) -> str:
    """What mending brings: the share of the time, the rate and the users, as far as they are known."""
    said: list[str] = []
    if mend.time:
        said.append(words.gettext("%(share)s of all time") % {"share": words.quantity(mend.time, Unit.RATIO)})
    if mend.rate is not None and mend.rate[1] >= _WORTH_SAYING:
        low, high = (words.measured(times) for times in mend.rate)
        message = (
            words.gettext("%(low)s to %(high)s times the rate, or more")
            if mend.rate[1] >= MOST_TIMES
            else words.gettext("%(low)s to %(high)s times the rate")
        )
        said.append(message % {"low": low, "high": high})
        if mend.users is not None and mend.users[1] > 0:
            least, most = (words.quantity(float(f"{number:.2g}"), Unit.USERS) for number in mend.users)
            numbers = {"low": least.partition("\u00a0")[0], "high": most}
            said.append(words.gettext("%(low)s to %(high)s more") % numbers)
    return words.gettext("Brings: %(what)s.") % {"what": ", ".join(said)} if said else ""
