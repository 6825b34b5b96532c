"""The highest rate that holds an objective: double, bisect, confirm. Knows nothing of HTTP or Locust."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from loadtests.step import Objective, Outcome, Step, judge

Phase = Literal["double", "bisect", "confirm"]
_TRIES = 3
"""Tries of a rate whose steps are void: a passing disturbance of the machine is not the generator's limit."""

End = Literal["bracketed", "generator", "time", "floor", "ceiling"]


@dataclass(frozen=True)
class Plan:
    """How to search.

    Attributes:
        start: first rate, journeys a second.
        floor: lowest rate worth trying.
        ceiling: highest.
        resolution: ratio of the bracket's ends at which bisecting stops, above 1.
        confirmations: independent repeats that must all hold.
    """

    start: float
    floor: float
    ceiling: float = math.inf
    resolution: float = 1.05
    confirmations: int = 3


@dataclass(frozen=True)
class Capacity:
    """What the search found, in journeys a second.

    ``low``: at this rate and below, every step held. ``high``: at this rate and above, every step failed; None when
    none failed. Between the two, outcomes were mixed or nothing was tried. This is a bracket of what was seen on this
    machine in this run, widened by every repeat that disagreed: no confidence level is claimed for it, since samples
    within a run are correlated near saturation. A void step moves neither end.

    Attributes:
        low: None when no rate held.
        high: None when no rate failed.
        confirmed: whether all repeats asked for held at ``low``.
        end: what ended the search.
    """

    low: float | None
    high: float | None
    confirmed: bool
    end: End

    @property
    def value(self) -> float | None:
        """The best single figure: the middle of the bracket on a ratio scale, or ``low`` when nothing failed."""
        if self.low is None or self.high is None:
            return self.low
        return math.sqrt(self.low * self.high)


Measure = Callable[[float, Phase], Step]


def search(
    measure: Measure,
    objective: Objective,
    plan: Plan,
    can_afford: Callable[[Phase], bool] = lambda phase: True,
) -> Capacity:
    """Find the highest rate at which ``measure`` holds ``objective``.

    Doubles from ``plan.start`` while the target holds (or halves until it does), bisects on a ratio scale, then
    repeats the best rate and goes down as long as a repeat fails. ``can_afford`` says whether there is time left for
    one more step of a phase; a void step is tried again before it ends its phase.
    """
    trials = _Trials(measure, objective, can_afford)
    end = _bracket(trials, plan)
    if end == "bracketed":
        end = _bisect(trials, plan)
    confirmed, end = _confirm(trials, plan, end)
    return Capacity(trials.low(), trials.high(), confirmed, end)


@dataclass
class _Trials:
    measure: Measure
    objective: Objective
    can_afford: Callable[[Phase], bool]
    held: list[float] = field(default_factory=list)
    failed: list[float] = field(default_factory=list)

    def try_(self, rate: float, phase: Phase) -> Outcome | None:
        """The outcome at ``rate``; None when there is no time left."""
        for _ in range(_TRIES):
            if not self.can_afford(phase):
                return None
            outcome, _reason = judge(self.measure(rate, phase), self.objective)
            match outcome:
                case Outcome.HELD:
                    self.held.append(rate)
                    return outcome
                case Outcome.FAILED:
                    self.failed.append(rate)
                    return outcome
                case Outcome.VOID:
                    continue
        return Outcome.VOID

    def low(self) -> float | None:
        lowest_failure = min(self.failed, default=math.inf)
        return max((rate for rate in self.held if rate < lowest_failure), default=None)

    def high(self) -> float | None:
        highest_held = max(self.held, default=0.0)
        return min((rate for rate in self.failed if rate > highest_held), default=None)


def _bracket(trials: _Trials, plan: Plan) -> End:
    rate = plan.start
    while True:
        outcome = trials.try_(rate, "double")
        if outcome is None:
            return "time"
        if outcome is Outcome.VOID:
            return "generator"
        if trials.held and trials.failed:
            return "bracketed"
        rate = rate * 2 if outcome is Outcome.HELD else rate / 2
        if rate > plan.ceiling:
            return "ceiling"
        if rate < plan.floor:
            return "floor"


def _bisect(trials: _Trials, plan: Plan) -> End:
    while (low := trials.low()) is not None and (high := trials.high()) is not None and high / low > plan.resolution:
        outcome = trials.try_(math.sqrt(low * high), "bisect")
        if outcome is None:
            return "time"
        if outcome is Outcome.VOID:
            return "generator"
    return "bracketed"


def _confirm(trials: _Trials, plan: Plan, end: End) -> tuple[bool, End]:
    """Repeat the best rate; go down as long as a repeat fails. Nothing held: nothing to confirm.

    Each failure goes half the way to the best rate that nothing has contradicted yet, and ends at that rate.
    """
    candidate = trials.low()
    while candidate is not None and candidate >= plan.floor:
        for _ in range(plan.confirmations):
            outcome = trials.try_(candidate, "confirm")
            if outcome is not Outcome.HELD:
                break
        else:
            return True, end
        if outcome is None:
            return False, "time"
        if outcome is Outcome.VOID:
            return False, "generator"
        below = trials.low()
        if below is None:
            candidate /= plan.resolution**2
        elif candidate / below > plan.resolution:
            candidate = math.sqrt(candidate * below)
        else:
            candidate = below
    return False, end
