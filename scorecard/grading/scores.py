"""From verdicts to a grade: a range from A to F, and the share of the weight behind each end."""

from __future__ import annotations

import math
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


@dataclass(frozen=True)
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
    asked = [j for j in judged if j.verdict is not Verdict.NOT_APPLICABLE]
    blocking = Counter(
        "lost" if j.criterion.id in lost else j.verdict.value for j in asked if j.criterion.blocking
    )  # fmt: skip
    return Tally(
        weight=math.fsum(j.criterion.weight for j in asked),
        low=math.fsum(j.criterion.weight * credit(j, 0.0) for j in asked),
        high=math.fsum(j.criterion.weight * credit(j, 0.0 if j.criterion.id in lost else 1.0) for j in asked),
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
    low, high = sums.low / sums.weight, sums.high / sums.weight
    failing = bool(sums.failed or sums.waived or sums.lost)
    return GradeRange(
        low=letter(low, capped=failing or bool(sums.unknown)),
        high=letter(high, capped=failing),
        score_low=round(low, 6),
        score_high=round(high, 6),
    )


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
    reached = next((name for name, least in CUT_OFFS if score >= least - 1e-12), _ORDER[-1])
    return CAP if capped and not below(reached, CAP) else reached


def _is_lost(required: Judged | None, lost: set[str]) -> bool:
    if required is None:
        return False
    return required.verdict in _FAILED | {Verdict.WARN} or required.criterion.id in lost
