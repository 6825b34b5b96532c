"""The highest rate that holds an objective: double, close in, confirm. Knows nothing of HTTP or Locust."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from loadtests.belief import SHARP, Belief, Sight, Trial, believe
from loadtests.step import Objective, Step
from loadtests.verdict import Outcome, judge

Phase = Literal["double", "bisect", "doubt", "confirm"]
_TRIES = 3
"""Tries of a rate whose steps are void: a passing disturbance of the machine is not the generator's limit."""
SURE = 0.05
"""Chance left to the capacity to lie below the rate that is confirmed, and above it on the other side."""
GUARD = 0.01
"""What the rate to confirm stays below that, for what no repeat shows."""
GUARD_OF_BLIND = 1 / 3
"""And the share of what a step cannot see by which kinds of systems differ in it (decision 0133)."""

End = Literal["bracketed", "generator", "time", "floor", "ceiling"]


@dataclass(frozen=True)
class Plan:
    """How to search.

    Attributes:
        start: first rate, journeys a second.
        floor: lowest rate worth trying.
        ceiling: highest.
        resolution: ratio of the ends of what is likely at which the search has seen enough, above 1.
        confirmations: independent repeats that must hold.
        most: trials of the search at most, confirmations aside.
        sight: what a step of the search can see of an overload.
        sight_confirming: what a confirmation can.
    """

    start: float
    floor: float
    ceiling: float = math.inf
    resolution: float = 1.05
    confirmations: int = 3
    most: int = 60
    sight: Sight = SHARP
    sight_confirming: Sight = SHARP


@dataclass(frozen=True)
class Capacity:
    """What the search found, in journeys a second.

    ``low``: the rate that the repeats confirmed, chosen so that the capacity is hardly below it. ``high``: at this rate
    and above, every step failed; None when none failed. A void step says nothing. How often the two hold the truth
    between them was measured on systems of known capacity (tests/benchmarks/search_truth.py).

    Attributes:
        low: None when no rate held.
        high: None when no rate failed.
        confirmed: whether the repeats asked for held at ``low``.
        end: what ended the search.
        estimate: the capacity that explains all steps best, None when none failed or none held.
        outvoted: failures at or below ``low`` that the other steps put down to chance or to a disturbance.
    """

    low: float | None
    high: float | None
    confirmed: bool
    end: End
    estimate: float | None = None
    outvoted: int = 0

    @property
    def value(self) -> float | None:
        """The best single figure: the estimate, within the bracket; ``low`` when nothing failed."""
        if self.low is None or self.high is None or self.estimate is None:
            return self.low
        return min(max(self.estimate, self.low), self.high)


Measure = Callable[[float, Phase], Step]


def search(
    measure: Measure,
    objective: Objective,
    plan: Plan,
    can_afford: Callable[[Phase], bool] = lambda phase: True,
) -> Capacity:
    """Find the highest rate at which ``measure`` holds ``objective``.

    Doubles from ``plan.start`` while the target holds (or halves until it does), then tries again and again the rate
    that is as likely above the capacity as below it, given all steps so far, until what is likely is within
    ``plan.resolution``. The rate that the capacity is hardly below is repeated; where repeats fail it goes down.
    ``can_afford`` says whether there is time left for one more step of a phase; a void step is tried again before it
    ends its phase.
    """
    trials = _Trials(measure, objective, plan, can_afford)
    end = _close_in(trials, plan)
    confirmed, end = _confirm(trials, plan, end)
    return Capacity(
        low=(low := confirmed if confirmed is not None else trials.unconfirmed()),
        high=trials.high(),
        confirmed=confirmed is not None,
        end=end,
        estimate=trials.belief().quantile(0.5) if trials.held and trials.failed else None,
        outvoted=sum(low is not None and rate <= low for rate in trials.failed),
    )


@dataclass
class _Trials:
    measure: Measure
    objective: Objective
    plan: Plan
    can_afford: Callable[[Phase], bool]
    trials: list[Trial] = field(default_factory=list)

    @property
    def held(self) -> list[float]:
        return [trial.rate for trial in self.trials if trial.held]

    @property
    def failed(self) -> list[float]:
        return [trial.rate for trial in self.trials if not trial.held]

    def try_(self, rate: float, phase: Phase) -> Outcome | None:
        """The outcome at ``rate``; None when there is no time left."""
        sight = self.plan.sight_confirming if phase == "confirm" else self.plan.sight
        for _ in range(_TRIES):
            if not self.can_afford(phase):
                return None
            step = self.measure(rate, phase)
            outcome, _reason = judge(step, self.objective)
            if outcome is Outcome.HELD and step.latency is not None:
                sight = sight.given(step.latency.p95)
            if outcome is not Outcome.VOID:
                self.trials.append(Trial(rate, outcome is Outcome.HELD, sight))
                return outcome
        return Outcome.VOID

    def belief(self) -> Belief:
        return believe(self.trials)

    def safe(self) -> float:
        """The rate that the capacity is hardly below; nothing beyond what held once."""
        likely = self.belief().quantile(SURE)
        guard = GUARD + GUARD_OF_BLIND * self.plan.sight.blind(likely)
        return min(likely / (1 + guard), max(self.held))

    def unconfirmed(self) -> float | None:
        """The highest rate that held and is safe, the lowest that held when none is; None when none held."""
        held = self.held
        if not held:
            return None
        safe = self.safe() * (1 + 1e-9)
        return max((rate for rate in held if rate <= safe), default=min(held))

    def high(self) -> float | None:
        highest_held = max(self.held, default=0.0)
        return min((rate for rate in self.failed if rate > highest_held), default=None)


def _close_in(trials: _Trials, plan: Plan) -> End:
    rate = plan.start
    phase: Phase = "double"
    for _ in range(plan.most):
        outcome = trials.try_(rate, phase)
        if outcome is None:
            return "bracketed" if trials.held and trials.failed else "time"
        if outcome is Outcome.VOID:
            return "generator"
        held, failed = trials.held, trials.failed
        if not failed:
            rate = max(held) * 2
        elif not held:
            rate = min(failed) / 2
        else:
            belief = trials.belief()
            if belief.quantile(1 - SURE) / belief.quantile(SURE) <= plan.resolution:
                return "bracketed"
            middle = belief.quantile(0.5)
            # a step of this length shows the capacity a little too high; twice what held is a leap into the dark
            rate = min(middle * (1 + plan.sight.blind(middle)), max(held) * 2)
            phase = "doubt" if rate >= min(failed) else "bisect"
        if rate > plan.ceiling:
            return "ceiling"
        if rate < plan.floor:
            return "floor"
    return "bracketed"


def _confirm(trials: _Trials, plan: Plan, end: End) -> tuple[float | None, End]:
    """Repeat the safe rate, lower ones where repeats fail; the rate confirmed, None when none was."""
    rate = math.inf
    while trials.held and (rate := min(trials.safe(), rate / plan.resolution)) >= plan.floor:
        match _repeat(trials, rate, plan.confirmations):
            case Outcome.HELD:
                return rate, end
            case Outcome.VOID:
                return None, "generator"
            case None:
                return None, "time"
            case Outcome.FAILED:
                continue
    return None, end


def _repeat(trials: _Trials, rate: float, times: int) -> Outcome | None:
    """Whether ``rate`` holds so many ``times``; of one failure two holds more are asked, a second one ends it."""
    wanted, failures = times, 0
    while wanted > 0:
        outcome = trials.try_(rate, "confirm")
        match outcome:
            case Outcome.HELD:
                wanted -= 1
            case Outcome.FAILED if failures == 0:
                failures, wanted = 1, max(wanted + 1, 2)
            case _:
                return outcome
    return Outcome.HELD
