"""The plots in words, for those who do not see them: what a sighted reader takes from the drawing."""

from __future__ import annotations

import math

from scorecard.evidence import Unit
from scorecard.reports import measured
from scorecard.reports.words import Words
from scorecard.scorecard import Scorecard


def latency(card: Scorecard, words: Words) -> str:
    """How the latency moves over the steps of the load, against the objective, the rate held and the demand."""
    steps = [(s.offered, s.p95) for s in measured.load_steps(card) if s.p95 is not None]
    if not steps:
        return words.gettext("No step of the load was measured.")
    (first, start), (last, end) = steps[0], steps[-1]
    sentences = [
        words.gettext(
            "From %(first)s to %(last)s journeys begun per second, the wait that 95 answers in 100 stay within goes "
            "from %(start)s to %(end)s."
        )
        % {
            "first": words.measured(first),
            "last": words.measured(last),
            "start": words.quantity(start, Unit.SECOND),
            "end": words.quantity(end, Unit.SECOND),
        }
    ]
    objective = measured.objective(card)
    if objective is not None:
        sentences.append(words.gettext("The objective is %(time)s.") % {"time": words.quantity(objective, Unit.SECOND)})
    knee = measured.knee(card)
    if knee is not None:
        message = words.gettext("From %(rate)s per second on, that wait is more than twice what it is at low load.")
        sentences.append(message % {"rate": words.measured(knee)})
    return " ".join([*sentences, *_held_and_demand(card, words)])


def day(card: Scorecard, words: Words) -> str:
    """When the demand is highest, how high, and what the service holds."""
    points = measured.demand_over_day(card)
    if not points:
        return words.gettext("No demand over the day was worked out.")
    hour, peak = max(points, key=lambda point: point[1])
    sentence = words.gettext("The demand is highest at %(hour)s, when %(rate)s people begin per second.")
    return " ".join(
        [sentence % {"hour": words.hour(int(hour)), "rate": words.measured(peak)}, *_held_and_demand(card, words)]
    )


def scaling(card: Scorecard, words: Words) -> str:
    """What the service holds with the fewest and the most copies that were measured, and what is forecast beyond."""
    rows = measured.scaling(card)
    sentences = []
    known = [(r.copies, r.sustained) for r in rows if r.sustained is not None]
    for copies, rate in (known[0], known[-1]) if known else ():
        message = words.ngettext(
            "With %(number)s copy it was measured to hold %(rate)s journeys begun per second.",
            "With %(number)s copies it was measured to hold %(rate)s journeys begun per second.",
            math.ceil(copies),
        )
        sentences.append(message % {"number": words.number(copies), "rate": words.measured(rate)})
    ahead = [r for r in rows if r.low is not None and r.high is not None]
    if ahead:
        last = ahead[-1]
        message = words.gettext("With %(number)s copies %(low)s to %(high)s are forecast.")
        ends = {"low": words.measured(last.low or 0.0), "high": words.measured(last.high or 0.0)}
        sentences.append(message % {"number": words.number(last.copies), **ends})
    return " ".join(dict.fromkeys(sentences))


def _held_and_demand(card: Scorecard, words: Words) -> list[str]:
    held = measured.held(card)
    demand = measured.fact(card, "demand.journeys_per_s")
    sentences = [words.gettext("The rate it holds is %(rate)s.") % {"rate": words.fact(held)}]
    return [*sentences, words.gettext("The peak demand is %(rate)s.") % {"rate": words.fact(demand)}]
