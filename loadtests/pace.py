"""What fits into the time of a profile: which steps can still be afforded, and how finely the search may look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from loadtests.belief import Sight
from loadtests.budgets import Budget
from loadtests.search import Phase, Plan
from loadtests.step import Objective

LOWEST_SHARE = 1 / 64
"""Share of the peak demand below which the search stops going down."""


@dataclass
class Pace:
    """The time of a load, from now on.

    Attributes:
        clock: monotonic seconds.
        spent_s: seconds that an earlier attempt had spent, where this one goes on from it.
    """

    budget: Budget
    clock: Callable[[], float]
    spent_s: float = 0.0
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def left(self) -> float:
        """Seconds that are left."""
        return self.budget.total_s - self.spent_s - (self.clock() - self._began)

    def can_afford(self, phase: Phase) -> bool:
        """Whether a step still fits in; the search leaves room for the confirmations."""
        budget = self.budget
        spare = budget.warm_up_s + budget.drain_s / 2
        confirm = budget.confirm_s + spare
        match phase:
            case "confirm":
                needed = confirm
            case "double" | "bisect" | "doubt":
                needed = budget.step_s + spare + (budget.confirmations + budget.spare) * confirm
            case _:
                assert_never(phase)
        return self.left() >= needed


def plan(budget: Budget, objective: Objective, peak: float, least: float) -> Plan:
    """How to search within ``budget``, from the ``peak`` demand or the ``least`` rate that can be judged on."""
    start = max(peak, least)
    return Plan(
        start=start,
        floor=min(start, max(peak * LOWEST_SHARE, least)),
        resolution=budget.resolution,
        confirmations=budget.confirmations,
        most=budget.most,
        sight=Sight(budget.warm_up_s + budget.step_s, objective.p95_s),
        sight_confirming=Sight(budget.warm_up_s + budget.confirm_s, objective.p95_s),
    )
