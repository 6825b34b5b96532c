"""Facts of the load, from the steps and what the search made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loadtests.demand import Demand
from loadtests.figures import french
from loadtests.search import Capacity
from loadtests.step import FEWEST_REQUESTS, Objective, Outcome, Step, judge
from scorecard.evidence import Column, Fact, Table, Text, Unit
from scorecard.project import ProjectFile

FACTS: Mapping[str, Unit] = {
    "load.sustained_rps": Unit.REQUESTS_PER_SECOND,
    "load.sustained_journeys_per_s": Unit.JOURNEYS_PER_SECOND,
    "load.users_held": Unit.USERS,
    "load.headroom": Unit.RATIO,
    "load.error_rate": Unit.RATIO,
    "load.p95": Unit.SECOND,
    "load.peak_p95": Unit.SECOND,
    "load.peak_error_rate": Unit.RATIO,
    "load.generator_lag_p99": Unit.SECOND,
    "load.generator_cpu": Unit.RATIO,
    "load.service_cpu": Unit.RATIO,
    "load.void_steps": Unit.COUNT,
    "load.lost_writes": Unit.COUNT,
    "load.rate_limited": Unit.COUNT,
    "load.requests": Unit.COUNT,
}
"""Every fact of this evidence with its unit."""


def unknown(fact: str, reason: Text) -> Fact:
    """The fact without a value."""
    return Fact(id=fact, value=None, unit=FACTS[fact], reason=reason)


def facts(
    project: ProjectFile,
    wanted: Demand,
    peak: Step | None,
    steps: Sequence[Step],
    capacity: Capacity | None,
    objective: Objective,
    caveat: str,
    reason: Text | None,
) -> tuple[Fact, ...]:
    """All facts of the load; what was not observed is unknown, with ``reason`` where no closer one is known."""
    why = reason if reason is not None else Text(en="It was not measured.", fr="Cela n'a pas été mesuré.")
    return (
        *_sustained(project, wanted, steps, capacity, objective, caveat, why),
        *_at_peak(peak, wanted, objective, why),
        *_of_the_run(steps, objective, why),
    )


def table(steps: Sequence[Step], objective: Objective) -> Table:
    """One row a step, in the order they were made."""
    rows = []
    for step in steps:
        outcome, reason = judge(step, objective)
        latency, service = step.latency, step.service
        rows.append(
            (
                step.phase,
                step.rate,
                step.rps,
                latency.p50 if latency is not None else None,
                latency.p95 if latency is not None else None,
                latency.p99 if latency is not None else None,
                service.p95 if service is not None else None,
                step.error_rate,
                ", ".join(f"{kind} x{count}" for kind, count in step.kinds.items()),
                step.requests,
                step.lag_p99_s,
                step.generator_cpu,
                step.service_cpu,
                str(outcome),
                reason.en,
                reason.fr,
            )
        )
    return Table(
        id="load.steps",
        columns=(
            Column(name="phase"),
            Column(name="offered", unit=Unit.JOURNEYS_PER_SECOND),
            Column(name="achieved", unit=Unit.REQUESTS_PER_SECOND),
            Column(name="p50", unit=Unit.SECOND),
            Column(name="p95", unit=Unit.SECOND),
            Column(name="p99", unit=Unit.SECOND),
            Column(name="service_p95", unit=Unit.SECOND),
            Column(name="error_rate", unit=Unit.RATIO),
            Column(name="errors"),
            Column(name="requests", unit=Unit.COUNT),
            Column(name="lag_p99", unit=Unit.SECOND),
            Column(name="generator_cpu", unit=Unit.RATIO),
            Column(name="service_cpu", unit=Unit.RATIO),
            Column(name="outcome"),
            Column(name="reason"),
            Column(name="reason_fr"),
        ),
        rows=tuple(rows),
    )


def _sustained(
    project: ProjectFile,
    wanted: Demand,
    steps: Sequence[Step],
    capacity: Capacity | None,
    objective: Objective,
    caveat: str,
    why: Text,
) -> list[Fact]:
    names = [
        "load.sustained_journeys_per_s",
        "load.sustained_rps",
        "load.users_held",
        "load.headroom",
        "load.p95",
        "load.error_rate",
        "load.service_cpu",
    ]
    if capacity is None:
        return [unknown(name, why) for name in names]
    if capacity.low is None:
        return _nothing_held(names, capacity, why)
    at_low = [step for step in steps if step.rate == capacity.low and judge(step, objective)[0] is Outcome.HELD]
    value = capacity.value
    assert value is not None
    requests = sum(step.rps for step in at_low) / len(at_low) / capacity.low
    users = project.project.users / wanted.journeys_per_s
    said = _said(capacity, len(at_low)) + (f"; {caveat}" if caveat else "")

    def scaled(fact: str, factor: float) -> Fact:
        high = capacity.high
        assert capacity.low is not None
        return Fact(
            id=fact,
            value=value * factor,
            unit=FACTS[fact],
            low=capacity.low * factor,
            high=high * factor if high is not None else None,
            detail=said,
        )

    measured = f"measured at {capacity.low:.4g} journeys/s"
    cores = [step.service_cpu for step in at_low if step.service_cpu is not None]
    return [
        scaled("load.sustained_journeys_per_s", 1.0),
        scaled("load.sustained_rps", requests),
        scaled("load.users_held", users),  # the whole mix scaled: agents grow with the users
        Fact(
            id="load.headroom",
            value=capacity.low / wanted.journeys_per_s,
            unit=Unit.RATIO,
            detail=f"low end of the rate over the peak demand; {_repeats(capacity, len(at_low))}",
        ),
        Fact(
            id="load.p95",
            value=max(step.latency.p95 for step in at_low if step.latency is not None),
            unit=Unit.SECOND,
            detail=f"{measured}, from the intended start, the worst of {len(at_low)} steps",
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


def _nothing_held(names: Sequence[str], capacity: Capacity, why: Text) -> list[Fact]:
    """No rate held: the capacity is nil where rates failed down to the lowest, unknown where steps were void."""
    if capacity.high is None or capacity.end != "floor":
        return [unknown(name, why) for name in names]
    reason = Text(
        en=f"Nothing held the objective, down to {capacity.high:.3g} journeys/s.",
        fr=f"Rien n'a tenu l'objectif, jusqu'à {french(capacity.high, '.3g')} parcours/s.",
    )
    nil = ("load.sustained_journeys_per_s", "load.sustained_rps", "load.users_held", "load.headroom")
    return [
        Fact(id=name, value=0.0, unit=FACTS[name], low=0.0, detail=reason.en) if name in nil else unknown(name, reason)
        for name in names
    ]


def _at_peak(peak: Step | None, wanted: Demand, objective: Objective, why: Text) -> list[Fact]:
    """Latency and errors at the peak demand; unknown when the generator was the limit or too little was asked."""
    if peak is None:
        return [unknown("load.peak_p95", why), unknown("load.peak_error_rate", why)]
    outcome, reason = judge(peak, objective)
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


def _of_the_run(steps: Sequence[Step], objective: Objective, why: Text) -> list[Fact]:
    names = ("generator_lag_p99", "generator_cpu", "void_steps", "lost_writes", "rate_limited", "requests")
    if not steps:
        return [unknown(f"load.{name}", why) for name in names]
    return [
        Fact(
            id="load.generator_lag_p99",
            value=max(step.lag_p99_s for step in steps),
            unit=Unit.SECOND,
            detail="worst step, void ones included",
        ),
        Fact(
            id="load.generator_cpu",
            value=max(step.generator_cpu for step in steps),
            unit=Unit.RATIO,
            detail="share of its one core, worst step, void ones included",
        ),
        Fact(id="load.void_steps", value=sum(judge(s, objective)[0] is Outcome.VOID for s in steps), unit=Unit.COUNT),
        Fact(id="load.lost_writes", value=sum(step.lost for step in steps), unit=Unit.COUNT),
        Fact(
            id="load.rate_limited",
            value=sum(step.limited for step in steps),
            unit=Unit.COUNT,
            detail="answers 429; they count as errors, never as capacity",
        ),
        Fact(id="load.requests", value=sum(step.requests for step in steps), unit=Unit.COUNT),
    ]


def _said(capacity: Capacity, repeats: int) -> str:
    said = f"low: highest rate at and below which everything held, {_repeats(capacity, repeats)}"
    if capacity.high is not None:
        return said + "; high: lowest rate above which everything failed; value: the middle on a ratio scale"
    if capacity.end == "generator":
        return said + "; the load generator was the limit: at least this much"
    return said + "; no rate failed within the time: at least this much"


def _repeats(capacity: Capacity, steps: int) -> str:
    return f"{'confirmed' if capacity.confirmed else 'NOT confirmed'}, {steps} steps at it"


def _no_processes() -> Text:
    return Text(
        en="The processes of the service are not known, so their CPU was not read.",
        fr="Les processus du service ne sont pas connus : leur CPU n'a pas été lu.",
    )
