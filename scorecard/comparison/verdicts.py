"""What became of every question between two scorecards."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scorecard.evidence import Text
from scorecard.scorecard import Judged, Scorecard, Verdict


class Turn(StrEnum):
    """What a verdict turned into, in the order of the report."""

    REGRESSION = "regression"
    LOST = "lost"
    FOUND = "found"
    REMOVED = "removed"
    ADDED = "added"
    WAIVER = "waiver"
    IMPROVEMENT = "improvement"


@dataclass(frozen=True)
class Change:
    """One question whose verdict changed; ``before`` or ``after`` is None where it was not asked."""

    turn: Turn
    criterion: str
    title: Text
    blocking: bool
    before: Verdict | None
    after: Verdict | None
    reason: Text


_RANKS = {Verdict.PASS: 2, Verdict.WARN: 1, Verdict.FAIL: 0, Verdict.WAIVED: 0}
"""A waived failure is still a failure."""


def changes(base: Scorecard, new: Scorecard) -> tuple[Change, ...]:
    """Every question whose verdict differs: the worse first, within each turn the blocking first."""
    before = {j.criterion.id: j for j in base.judged}
    after = {j.criterion.id: j for j in new.judged}
    found = (_change(before.get(name), after.get(name)) for name in before | after)
    order = list(Turn)
    return tuple(
        sorted(
            (change for change in found if change is not None),
            key=lambda c: (order.index(c.turn), not c.blocking, c.criterion),
        )
    )


def _change(before: Judged | None, after: Judged | None) -> Change | None:
    told = after if after is not None else before
    was, now = _asked(before), _asked(after)
    turn = _turn(was, now)
    if turn is None or told is None:
        return None
    criterion = told.criterion
    blocking = any(j is not None and j.criterion.blocking for j in (before, after))
    return Change(turn, criterion.id, criterion.title, blocking, was, now, told.reason)


def _asked(judged: Judged | None) -> Verdict | None:
    return None if judged is None or judged.verdict is Verdict.NOT_APPLICABLE else judged.verdict


def _turn(before: Verdict | None, after: Verdict | None) -> Turn | None:
    if before is after:
        return None
    if before is None:
        return Turn.ADDED
    if after is None:
        return Turn.REMOVED
    if after is Verdict.UNKNOWN:
        return Turn.LOST
    if before is Verdict.UNKNOWN:
        return Turn.IMPROVEMENT if after is Verdict.PASS else Turn.FOUND
    if _RANKS[before] == _RANKS[after]:
        return Turn.WAIVER
    return Turn.REGRESSION if _RANKS[after] < _RANKS[before] else Turn.IMPROVEMENT
