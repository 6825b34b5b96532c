"""From verdicts to a grade: a range from A to F, and the share of the weight behind each end."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from scorecard.scorecard import GradeRange, Judged, Letter, Verdict

CUT_OFFS: tuple[tuple[Letter, float], ...] = (("A", 0.9), ("B", 0.8), ("C", 0.65), ("D", 0.5), ("E", 0.3), ("F", 0.0))
"""Least score of each letter. They are this project's own choice (ADR 0050), and fixed: no policy moves them."""

CAP: Letter = "D"
"""Best letter left while a blocking criterion fails: a good average does not hide what closes the gate."""

_FAILED = frozenset({Verdict.FAIL, Verdict.WAIVED})
_ORDER = tuple(letter for letter, _ in CUT_OFFS)
_ASCENDING = _ORDER[::-1]
_LEAST = [least for _, least in reversed(CUT_OFFS)]


def settled(judged: Mapping[str, Judged]) -> frozenset[str]:
    """Unknowns that cannot pass any more, because something they require was judged and did not pass.

    They count as failures at the high end too; otherwise a new failure could raise the best grade still possible.
    ``judged`` holds each criterion after those it requires, as ``judge_all`` gives them.
    """
    lost: set[str] = set()
    for name, item in judged.items():
        if item.verdict is Verdict.UNKNOWN and any(_is_lost(judged.get(r), lost) for r in item.criterion.requires):
            lost.add(name)
    return frozenset(lost)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a grade and a decision are computed from: credit in units of weight, blocking questions in numbers.

    ``lost`` are the blocking unknowns that cannot pass any more; ``unknown`` does not count them.
    """

    weight: float
    low: float
    high: float
    blocking: int
    failed: int
    waived: int
    warned: int
    unknown: int
    lost: int

    @property
    def obstacles(self) -> int:
        """Blocking questions that keep the gate closed: failed, or without an answer."""
        return self.failed + self.unknown + self.lost


def tally(judged: Sequence[Judged], lost: frozenset[str]) -> Tally:
    """The sums of ``judged``: unknowns earn nothing at the low end, all at the high end save those ``lost``."""
    weights, low, high = [], [], []
    blocking: Counter[str] = Counter()
    for item in judged:
        if item.verdict is Verdict.NOT_APPLICABLE:
            continue
        criterion = item.criterion
        open_ = item.verdict is Verdict.UNKNOWN and criterion.id not in lost
        earned = criterion.weight * credit(item, 0.0)
        weights.append(criterion.weight)
        low.append(earned)
        high.append(criterion.weight if open_ else earned)
        if criterion.blocking:
            blocking["lost" if item.verdict is Verdict.UNKNOWN and not open_ else item.verdict.value] += 1
    return Tally(
        weight=math.fsum(weights),
        low=math.fsum(low),
        high=math.fsum(high),
        blocking=blocking.total(),
        failed=blocking["fail"],
        waived=blocking["waived"],
        warned=blocking["warn"],
        unknown=blocking["unknown"],
        lost=blocking["lost"],
    )


def range_of(sums: Tally) -> GradeRange | None:
    """The grade behind ``sums``; None when nothing was asked."""
    if not sums.weight:
        return None
    low, high = ends(sums)
    return GradeRange(
        low=low,
        high=high,
        score_low=round(sums.low / sums.weight, 6),
        score_high=round(sums.high / sums.weight, 6),
    )


def ends(sums: Tally) -> tuple[Letter, Letter]:
    """The letters at the low and the high end of ``sums``, in which something was asked."""
    failing = bool(sums.failed or sums.waived or sums.lost)
    low = letter(sums.low / sums.weight, capped=failing or bool(sums.unknown))
    return low, letter(sums.high / sums.weight, capped=failing)


def credit(judged: Judged, unknown: float) -> float:
    """Share of its weight that a criterion earns; ``unknown`` is what an unknown earns."""
    match judged.verdict:
        case Verdict.PASS:
            return 1.0
        case Verdict.WARN:
            return 0.5
        case Verdict.FAIL | Verdict.WAIVED | Verdict.NOT_APPLICABLE:
            return 0.0
        case Verdict.UNKNOWN:
            return unknown
        case _:
            assert_never(judged.verdict)


def below(letter: Letter, minimum: Letter) -> bool:
    """Whether ``letter`` is worse than ``minimum``."""
    return _ORDER.index(letter) > _ORDER.index(minimum)


def letter(score: float, *, capped: bool = False) -> Letter:
    """The letter of ``score`` (0 to 1); ``capped`` leaves :data:`CAP` at best."""
    # 1e-12 takes the rounding of the sum back: 0.9 made of ten parts is 0.9.
    reached = _ASCENDING[max(bisect_right(_LEAST, score + 1e-12) - 1, 0)]
    return CAP if capped and not below(reached, CAP) else reached


def _is_lost(required: Judged | None, lost: set[str]) -> bool:
    if required is None:
        return False
    return required.verdict in _FAILED | {Verdict.WARN} or required.criterion.id in lost
