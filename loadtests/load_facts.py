"""Facts of the load, from the steps and what the search made of them."""

from __future__ import annotations

from dataclasses import replace

from loadtests.demand import Demand
from loadtests.figures import french
from loadtests.histogram import quantiles
from loadtests.load_knee import knee
from loadtests.load_measured import FACTS, Measured, unknown
from loadtests.load_slow_part import slows_first
from loadtests.load_soundness import of_the_generator, of_the_writes
from loadtests.search import Capacity
from loadtests.step import FEWEST_REQUESTS, Step
from loadtests.verdict import Outcome, judge
from scorecard.evidence import Fact, Text, Unit

_SCALED = ("load.sustained_journeys_per_s", "load.sustained_rps", "load.users_held")


def facts(seen: Measured, users: int, wanted: Demand, reason: Text | None) -> tuple[Fact, ...]:
    """All facts of the load on a service for ``users``; what was not observed is unknown, with ``reason`` where no
    closer one is known.
    """
    why = reason if reason is not None else Text(en="It was not measured.", fr="Cela n’a pas été mesuré.")
    return (
        *_sustained(seen, users, wanted, why),
        *_asked(seen, wanted, why),
        *_at_peak(seen, wanted, why),
        knee(seen, per_journey[0] if (per_journey := _per_journey(seen)) is not None else None, why),
        slows_first(seen, why),
        *of_the_generator(seen, why),
        *of_the_writes(seen, why),
    )


def _per_journey(seen: Measured) -> tuple[float, str] | None:
    """Requests the target gets from a journey, redirects included, and where the figure comes from.

    One figure for the demand and for what is sustained, so that the two can be compared. Only steps that held can give
    it: where answers fail, journeys break off and send less.
    """
    held = [step for step in seen.held() if step.answered and step.started]
    if held:
        # by what was meant to start in the window, on both sides: how long an answer takes must not matter
        hops = sum(step.requests * step.hops for step in held)
        return hops / sum(step.started for step in held), f"as measured over {len(held)} steps"
    if seen.smoke_hops is not None:
        return seen.smoke_hops, "as counted in the smoke check, since no step held"
    return None


def _sustained(seen: Measured, users: int, wanted: Demand, why: Text) -> list[Fact]:
    capacity = seen.capacity
    if capacity is None:
        names = (*_SCALED, "load.headroom", "load.p95", "load.error_rate", "load.service_cpu")
        return [unknown(name, why) for name in names]
    per_journey = _per_journey(seen)
    if capacity.low is None or per_journey is None:
        return _nothing_held(seen, capacity, why)
    low = capacity.low
    if limited := seen.limited():
        capacity = replace(capacity, high=None)
    value = low if capacity.value is None else capacity.value
    at_low = [step for step in seen.held() if step.rate == low]
    said = _said(capacity, len(at_low), limited) + (f"; {seen.caveat}" if seen.caveat else "")

    def scaled(fact: str, factor: float) -> Fact:
        return Fact(
            id=fact,
            value=value * factor,
            unit=FACTS[fact],
            low=low * factor,
            high=capacity.high * factor if capacity.high is not None else None,
            detail=said,
        )

    measured = f"measured at {low:.4g} journeys/s"
    pooled = quantiles(histogram for step in at_low for histogram in step.histograms)
    cores = [step.service_cpu for step in at_low if step.service_cpu is not None]
    return [
        scaled("load.sustained_journeys_per_s", 1.0),
        scaled("load.sustained_rps", per_journey[0]),
        scaled("load.users_held", users / wanted.journeys_per_s),  # the whole mix scaled: agents grow with the users
        Fact(
            id="load.headroom",
            value=low / wanted.journeys_per_s,
            unit=Unit.RATIO,
            detail=f"low end of the rate over the peak demand; {_repeats(capacity, len(at_low))}",
        ),
        Fact(
            id="load.p95",
            value=None if pooled is None else pooled.p95,
            unit=Unit.SECOND,
            reason=why if pooled is None else None,
            detail=f"{measured}, from the intended start, all answers of {len(at_low)} steps pooled",
        ),
        Fact(
            id="load.error_rate",
            value=sum(step.errors for step in at_low) / sum(step.requests for step in at_low),
            unit=Unit.RATIO,
            detail=measured,
        ),
        Fact(
            id="load.service_cpu",
            value=sum(cores) / len(cores) if cores else None,
            unit=Unit.RATIO,
            reason=None if cores else _no_processes(),
            detail=f"cores used by the service, {measured}" if cores else "",
        ),
    ]


def _nothing_held(seen: Measured, capacity: Capacity, why: Text) -> list[Fact]:
    """No rate held: the capacity is nil where rates failed down to the lowest, unknown where steps were void."""
    lowest = min(
        (step for step in seen.steps if seen.outcome(step) is Outcome.FAILED and step.requests),
        key=lambda step: step.rate,
        default=None,
    )
    others = ("load.p95", "load.service_cpu")
    if capacity.high is None or capacity.end != "floor":
        return [*(unknown(name, why) for name in (*_SCALED, "load.headroom", *others)), _errors_of(lowest, why)]
    reason = Text(
        en=f"Nothing held the objective, down to {capacity.high:.3g} journeys/s.",
        fr=f"Rien n’a tenu l’objectif, jusqu’à {french(capacity.high, '.3g')} parcours/s.",
    )
    return [
        *(Fact(id=n, value=0.0, unit=FACTS[n], low=0.0, detail=reason.en) for n in (*_SCALED, "load.headroom")),
        *(unknown(name, reason) for name in others),
        _errors_of(lowest, reason),
    ]


def _errors_of(lowest: Step | None, why: Text) -> Fact:
    if lowest is None:
        return unknown("load.error_rate", why)
    return Fact(
        id="load.error_rate",
        value=lowest.error_rate,
        unit=Unit.RATIO,
        detail=f"nothing held: measured at {lowest.rate:.4g} journeys/s, the lowest rate tried",
    )


def _asked(seen: Measured, wanted: Demand, why: Text) -> list[Fact]:
    """The peak demand in what the target counts, and the objective it was held to."""
    per_journey = _per_journey(seen)
    if per_journey is None:
        return [unknown(n, why) for n in ("load.demand_rps", "load.requests_per_journey", "load.objective_p95")]
    requests, whence = per_journey
    return [
        Fact(
            id="load.demand_rps",
            value=wanted.journeys_per_s * requests,
            unit=Unit.REQUESTS_PER_SECOND,
            detail=f"peak demand of {wanted.journeys_per_s:.4g} journeys/s, {requests:.4g} requests each, {whence}",
        ),
        Fact(
            id="load.requests_per_journey",
            value=requests,
            unit=Unit.COUNT,
            detail=f"requests to the target, each redirect followed being one, {whence}",
        ),
        Fact(id="load.objective_p95", value=seen.objective.p95_s, unit=Unit.SECOND, detail="[objectives] p95"),
    ]


def _at_peak(seen: Measured, wanted: Demand, why: Text) -> list[Fact]:
    """Latency and errors at the peak demand; unknown when the generator was the limit or too little was asked."""
    peak = seen.peak
    if peak is None:
        return [unknown("load.peak_p95", why), unknown("load.peak_error_rate", why)]
    outcome, reason = judge(peak, seen.objective)
    detail = f"measured at {peak.rate:.4g} journeys/s"
    if peak.rate > wanted.journeys_per_s:
        detail += f": the peak demand of {wanted.journeys_per_s:.3g} alone gives too few requests to judge by"
    if peak.broken is not None:
        detail += f"; {reason.en}"
    if outcome is Outcome.VOID or peak.latency is None or peak.requests < FEWEST_REQUESTS:
        return [unknown("load.peak_p95", reason), unknown("load.peak_error_rate", reason)]
    return [
        Fact(id="load.peak_p95", value=peak.latency.p95, unit=Unit.SECOND, detail=detail),
        Fact(id="load.peak_error_rate", value=peak.error_rate, unit=Unit.RATIO, detail=detail),
    ]


def _said(capacity: Capacity, repeats: int, limited: bool) -> str:
    said = f"low: the rate that the capacity is hardly below, {_repeats(capacity, repeats)}"
    doubts = f"; {capacity.outvoted} failures at or below it are put down to chance" if capacity.outvoted else ""
    if limited:
        return f"{said}{doubts}; the target's rate limiter (429) ended the search, not its capacity: at least this much"
    if capacity.high is not None:
        return f"{said}; high: lowest rate above which everything failed; value: what explains all steps best{doubts}"
    if capacity.end == "generator":
        return said + "; the load generator was the limit: at least this much"
    return said + "; no rate failed within the time: at least this much"


def _repeats(capacity: Capacity, steps: int) -> str:
    return f"{'confirmed' if capacity.confirmed else 'NOT confirmed'}, {steps} steps at it"


def _no_processes() -> Text:
    return Text(
        en="The processes of the service are not known, so their CPU was not read.",
        fr="Les processus du service ne sont pas connus : leur CPU n’a pas été lu.",
    )
