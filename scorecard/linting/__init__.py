"""Lint of a catalogue: what reading it cannot refuse, found by grading each criterion on facts made for it."""

from __future__ import annotations

from collections.abc import Sequence

from scorecard.criteria import Criterion
from scorecard.linting.company import alone
from scorecard.linting.problem import Problem
from scorecard.linting.producers import Producers, orphaned
from scorecard.linting.trials import tried
from scorecard.linting.wording import badly_worded

__all__ = ["Problem", "Producers", "lint"]


def lint(criteria: Sequence[Criterion], producers: Producers) -> tuple[Problem, ...]:
    """Every problem of ``criteria``, by criterion and rule; none means that the catalogue is sound.

    Each is graded on facts that pass, warn and fail, on nothing, and on facts that are broken in one way each; worded
    in both languages with a source; asked together with what it needs; and answered by some collector.
    """
    known = {c.id: c for c in criteria}
    found = [
        problem
        for criterion in criteria
        for problem in (
            *badly_worded(criterion),
            *alone(criterion, known),
            *orphaned(criterion, producers),
            *tried(criterion, known),
        )
    ]
    return tuple(sorted(found, key=lambda p: (p.criterion, p.rule, p.text.en)))
