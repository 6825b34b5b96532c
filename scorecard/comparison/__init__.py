"""Comparison of two sides, each one run or several of the same service. Pure: no clock, disk or network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from scorecard.comparison.figures import Figure, Movement, figures
from scorecard.comparison.verdicts import Change, Turn, changes
from scorecard.evidence import Text
from scorecard.scorecard import Decision, GradeRange, Scorecard, Verdict

__all__ = ["NOISE_FLOOR", "Change", "Comparison", "ComparisonError", "Figure", "Movement", "Outcome", "Turn", "compare"]

NOISE_FLOOR = 0.05
"""Share of the median before under which a shift is not called a change, however sure it is: runs of one service on one
machine, minutes apart, differ by as much."""

_RANKS = {Decision.GO: 2, Decision.CONDITIONAL: 1, Decision.NO_GO: 0}


class ComparisonError(Exception):
    """The two sides are not two states of one service; ``text`` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Outcome(StrEnum):
    """What the comparison comes to."""

    NO_REGRESSION = "no_regression"
    REGRESSION = "regression"
    INCOMPLETE = "incomplete"

    @property
    def exit_code(self) -> int:
        """What a pipeline gets: 0 nothing got worse, 1 something did, 2 not all of it could be compared."""
        match self:
            case Outcome.NO_REGRESSION:
                return 0
            case Outcome.REGRESSION:
                return 1
            case Outcome.INCOMPLETE:
                return 2
            case _:
                assert_never(self)


@dataclass(frozen=True)
class Comparison:
    """What changed from ``base`` to ``new`` (decision and grade: of the last run of each side)."""

    project: str
    outcome: Outcome
    runs: tuple[int, int]
    decision: tuple[Decision, Decision]
    grade: tuple[GradeRange, GradeRange]
    changes: tuple[Change, ...]
    figures: tuple[Figure, ...]
    floor: float


def compare(base: Sequence[Scorecard], new: Sequence[Scorecard], *, floor: float = NOISE_FLOOR) -> Comparison:
    """What changed from the runs of ``base`` to those of ``new``, each oldest first.

    Verdicts, decision and grade are those of the last run of each side; figures rest on all runs. It is a regression
    when a verdict that was known got worse, or a figure did beyond noise. It is incomplete, never "no regression",
    when an answer was lost, a failure is seen that nobody had looked for before, or a question is no longer asked.

    Raises:
        ComparisonError: a side is empty, or the runs are of several projects.
        ValueError: ``floor`` is not between 0 and 1.
    """
    if not 0 <= floor < 1:
        raise ValueError(f"the noise floor is a share between 0 and 1, not {floor}")
    if not base or not new:
        raise ComparisonError(Text(en="one side has no run", fr="un des deux côtés n’a aucune évaluation"))
    names = sorted({card.project.name for card in (*base, *new)})
    if len(names) > 1:
        listed = ", ".join(f"“{name}”" for name in names[:3])
        raise ComparisonError(
            Text(
                en=f"these runs are of {len(names)} projects ({listed}); a comparison is of one",
                fr=f"ces évaluations portent sur {len(names)} projets ({listed}) ; une comparaison porte sur un seul",
            )
        )
    turned, moved = changes(base[-1], new[-1]), figures(base, new, floor)
    decision = base[-1].decision, new[-1].decision
    return Comparison(
        project=names[0],
        outcome=_outcome(decision, turned, moved),
        runs=(len(base), len(new)),
        decision=decision,
        grade=(base[-1].grade, new[-1].grade),
        changes=turned,
        figures=moved,
        floor=floor,
    )


def _outcome(decision: tuple[Decision, Decision], turned: Sequence[Change], moved: Sequence[Figure]) -> Outcome:
    turns = {change.turn for change in turned}
    if Turn.REGRESSION in turns or any(figure.movement is Movement.WORSE for figure in moved):
        return Outcome.REGRESSION
    if turns & {Turn.LOST, Turn.FOUND, Turn.REMOVED} or any(_asked_and_not_met(change) for change in turned):
        return Outcome.INCOMPLETE
    before, after = (_RANKS.get(side) for side in decision)  # an undetermined side hides nothing that no verdict shows
    return Outcome.REGRESSION if before is not None and after is not None and after < before else Outcome.NO_REGRESSION


def _asked_and_not_met(change: Change) -> bool:
    return change.turn is Turn.ADDED and change.after is not Verdict.PASS
