"""Which step of the journeys slows first as the load rises: where people wait, in the words of the project file."""

from __future__ import annotations

from loadtests.figures import french, milliseconds
from loadtests.load_measured import Measured, unknown
from loadtests.step import FEWEST_REQUESTS
from scorecard.evidence import Fact, Text, Unit


def slows_first(seen: Measured, why: Text) -> Fact:
    """The step of a journey that is over the objective at the lowest rate at which any is; the slowest, of several.

    Rates at which the generator was the limit say nothing, and where answers fail their latency does not count.
    """
    counted = [step for step in seen.steps if seen.latency_counts(step)]
    if not any(step.parts for step in counted):
        return unknown("load.slows_first", why)
    limit = seen.objective.p95_s
    for step in sorted(counted, key=lambda step: step.rate):
        over = {name: part for name, part in step.parts.items() if part.count >= FEWEST_REQUESTS and part.p95 > limit}
        if over:
            name = max(sorted(over), key=lambda name: over[name].p95)
            return Fact(
                id="load.slows_first",
                value=name,
                unit=Unit.TEXT,
                detail=f"p95 {milliseconds(over[name].p95)} (n = {over[name].count}) at {step.rate:.4g} journeys/s, "
                f"the lowest rate at which a step of a journey is over the objective of {milliseconds(limit)}",
            )
    highest = max(step.rate for step in counted)
    return unknown(
        "load.slows_first",
        Text(
            en=f"No step of a journey was slower than the objective, up to {highest:.3g} journeys/s.",
            fr="Aucune étape d’un parcours n’a été plus lente que l’objectif, jusqu’à "
            f"{french(highest, '.3g')} parcours/s.",
        ),
    )
