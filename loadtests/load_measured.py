"""What the facts of the load are made of, and their names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadtests.search import Capacity
from loadtests.step import Objective, Step
from loadtests.verdict import Outcome, judge
from scorecard.evidence import Fact, Text, Unit

FACTS: Mapping[str, Unit] = {
    "load.sustained_rps": Unit.REQUESTS_PER_SECOND,
    "load.sustained_journeys_per_s": Unit.JOURNEYS_PER_SECOND,
    "load.users_held": Unit.USERS,
    "load.headroom": Unit.RATIO,
    "load.demand_rps": Unit.REQUESTS_PER_SECOND,
    "load.requests_per_journey": Unit.COUNT,
    "load.objective_p95": Unit.SECOND,
    "load.error_rate": Unit.RATIO,
    "load.p95": Unit.SECOND,
    "load.peak_p95": Unit.SECOND,
    "load.peak_error_rate": Unit.RATIO,
    "load.knee_rps": Unit.REQUESTS_PER_SECOND,
    "load.slows_first": Unit.TEXT,
    "load.generator_lag_p99": Unit.SECOND,
    "load.generator_cpu": Unit.RATIO,
    "load.service_cpu": Unit.RATIO,
    "load.void_steps": Unit.COUNT,
    "load.writes_share": Unit.RATIO,
    "load.lost_writes": Unit.COUNT,
    "load.rate_limited": Unit.COUNT,
    "load.requests": Unit.COUNT,
}
"""Every fact of this evidence with its unit."""


@dataclass(frozen=True)
class Measured:
    """What the facts are made of.

    Attributes:
        peak: the step at the peak demand.
        steps: every step but the warm-up.
        capacity: what the search found, None when it was not made or did not end.
        smoke_hops: requests the target got from a journey in the smoke check, None when that failed.
        objective: what a good answer is.
        caveat: what a reader must know of how the figures came about.
    """

    peak: Step | None
    steps: Sequence[Step]
    capacity: Capacity | None
    smoke_hops: float | None
    objective: Objective
    caveat: str = ""

    def outcome(self, step: Step) -> Outcome:
        """What ``step`` says."""
        return judge(step, self.objective)[0]

    def held(self) -> list[Step]:
        """Steps that held, in the order they were made."""
        return [step for step in self.steps if self.outcome(step) is Outcome.HELD]

    def latency_counts(self, step: Step) -> bool:
        """Whether the latency of ``step`` is that of good answers, sent on time."""
        if self.outcome(step) is Outcome.VOID or step.broken == "dead":
            return False
        return step.errors <= math.ceil(self.objective.error_rate * step.requests)

    def limited(self) -> bool:
        """Whether the search came to the line of a rate limiter: above ``low`` most failures were answers 429."""
        if self.capacity is None or self.capacity.low is None:
            return False
        beyond = [s for s in self.steps if s.rate > self.capacity.low and self.outcome(s) is Outcome.FAILED]
        return bool(beyond) and 2 * sum(2 * s.limited > s.errors > 0 for s in beyond) > len(beyond)


def unknown(fact: str, reason: Text) -> Fact:
    """The fact without a value."""
    return Fact(id=fact, value=None, unit=FACTS[fact], reason=reason)
