"""The highest rate that holds an objective: double, bisect, doubt, confirm. Knows nothing of HTTP or Locust."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from loadtests.step import Objective, Outcome, Step, judge

Phase = Literal["double", "bisect", "doubt", "confirm"]
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
        confirmations: independent repeats that must hold.
        lean: where in the bracket the value lies on a ratio scale, 0 being its low end: half-way unless steps are too
            short to see a queue build up.
    """

    start: float
    floor: float
    ceiling: float = math.inf
    resolution: float = 1.05
    confirmations: int = 3
    lean: float = 0.5


@dataclass(frozen=True)
class Capacity:
    """What the search found, in journeys a second.

    ``low``: at this rate and below, every step held. ``high``: at this rate and above, every step failed; None when
    none failed. Between the two, outcomes were mixed or nothing was tried. This is a bracket of what was seen on this
    machine in this run, widened by every repeat that disagreed: no confidence level is claimed for it, since samples
    within a run are correlated near saturation. A void step moves neither end, nor does a failure that two repeats at
    the same rate outvoted: something else disturbed it.

    Attributes:
        low: None when no rate held.
        high: None when no rate failed.
        confirmed: whether the repeats asked for held at ``low``.
        end: what ended the search.
        failed: lowest rate above ``low`` that failed, None when none did; below ``high`` when outcomes were mixed.
        outvoted: failures that were put down to a disturbance.
        lean: where the value lies in the bracket.
    """

    low: float | None
    high: float | None
    confirmed: bool
    end: End
    failed: float | None = None
    outvoted: int = 0
    lean: float = 0.5

    @property
    def value(self) -> float | None:
        """The best single figure, ``low`` when nothing failed: between it and the lowest failure, on a ratio scale.

        That failure is ``high`` unless a higher rate held, which shows that the capacity is near both.
        """
        if self.low is None or self.high is None:
            return self.low
        upper = self.high if self.failed is None else self.failed
        return self.low * math.pow(upper / self.low, self.lean)


Measure = Callable[[float, Phase], Step]


def search(
    measure: Measure,
    objective: Objective,
    plan: Plan,
    can_afford: Callable[[Phase], bool] = lambda phase: True,
) -> Capacity:
    """Find the highest rate at which ``measure`` holds ``objective``.

    Doubles from ``plan.start`` while the target holds (or halves until it does), bisects on a ratio scale, doubts the
    failure that ended it (two holds in a row at the same rate outvote it, and the search goes on upward), then repeats
    the best rate and goes down as long as repeats fail. ``can_afford`` says whether there is time left for one more
    step of a phase; a void step is tried again before it ends its phase.
    """
    trials = _Trials(measure, objective, can_afford)
    end = _bracket(trials, plan, plan.start)
    while end == "bracketed":
        end = _bisect(trials, plan)
        if end != "bracketed" or not _doubt(trials):
            break
        # the failure was a disturbance: what is above it has to be looked at again
        highest = max(trials.held)
        end = "bracketed" if trials.high() is not None else _bracket(trials, plan, highest * 2)
    confirmed, end = _confirm(trials, plan, end)
    return Capacity(
        low=trials.low(),
        high=trials.high(),
        confirmed=confirmed,
        end=end,
        failed=min(trials.failed, default=None),
        outvoted=trials.outvoted,
        lean=plan.lean,
    )


@dataclass
class _Trials:
    measure: Measure
    objective: Objective
    can_afford: Callable[[Phase], bool]
    held: list[float] = field(default_factory=list)
    failed: list[float] = field(default_factory=list)
    doubted: set[float] = field(default_factory=set)
    outvoted: int = 0

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

    def outvote(self, rate: float) -> None:
        """Take back the failure at ``rate``."""
        self.failed.remove(rate)
        self.outvoted += 1

    def low(self) -> float | None:
        lowest_failure = min(self.failed, default=math.inf)
        return max((rate for rate in self.held if rate < lowest_failure), default=None)

    def high(self) -> float | None:
        highest_held = max(self.held, default=0.0)
        return min((rate for rate in self.failed if rate > highest_held), default=None)


def _bracket(trials: _Trials, plan: Plan, rate: float) -> End:
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


def _doubt(trials: _Trials) -> bool:
    """Try the lowest failing rate again, once a rate; whether two repeats in a row held and outvoted the failure.

    One hold is not enough: near the capacity chance alone gives it every other time.
    """
    rate = trials.high()
    if rate is None or rate in trials.doubted:
        return False
    trials.doubted.add(rate)
    for _ in range(2):
        if trials.try_(rate, "doubt") is not Outcome.HELD:
            return False
    trials.outvote(rate)
    return True


def _confirm(trials: _Trials, plan: Plan, end: End) -> tuple[bool, End]:
    """Repeat the best rate; go down as long as repeats fail. Nothing held: nothing to confirm.

    A repeat that fails is doubted once, as in the search, when there is time. Each rate given up goes half the way to
    the best rate that nothing has contradicted yet, and ends at that rate.
    """
    candidate = trials.low()
    while candidate is not None and candidate >= plan.floor:
        outcome = _repeat(trials, candidate, plan.confirmations)
        match outcome:
            case Outcome.HELD:
                return True, end
            case None:
                return False, "time"
            case Outcome.VOID:
                return False, "generator"
        below = trials.low()
        if below is None:
            candidate /= plan.resolution**2
        elif candidate / below > plan.resolution:
            candidate = math.sqrt(candidate * below)
        else:
            candidate = below
    return False, end


def _repeat(trials: _Trials, rate: float, times: int) -> Outcome | None:
    """Whether ``rate`` holds so many ``times``, one failure that two holds in a row outvote left aside."""
    wanted = times
    while wanted > 0:
        outcome = trials.try_(rate, "confirm")
        if outcome is Outcome.FAILED and rate not in trials.doubted and trials.can_afford("doubt"):
            trials.doubted.add(rate)
            for _ in range(2):
                outcome = trials.try_(rate, "confirm")
                if outcome is not Outcome.HELD:
                    return outcome
            trials.outvote(rate)
            wanted -= 2
            continue
        if outcome is not Outcome.HELD:
            return outcome
        wanted -= 1
    return Outcome.HELD
