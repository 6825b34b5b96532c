"""From verdicts to a grade: a range from A to F, and the share of the weight behind each end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import assert_never

from scorecard.scorecard import GradeRange, Judged, Letter, Verdict

CUT_OFFS: tuple[tuple[Letter, float], ...] = (("A", 0.9), ("B", 0.8), ("C", 0.65), ("D", 0.5), ("E", 0.3), ("F", 0.0))
"""Least score of each letter. They are this project's own choice (ADR 0050), and fixed: no policy moves them."""

CAP: Letter = "D"
"""Best letter left while a blocking criterion fails: a good average does not hide what closes the gate."""

_ORDER = tuple(letter for letter, _ in CUT_OFFS)


def grade_range(judged: Sequence[Judged], all_judged: Mapping[str, Judged]) -> GradeRange | None:
    """Grade of ``judged`` with unknowns as failures and as passes; None when no criterion applies.

    ``all_judged`` holds the criteria that these require: an unknown whose precondition failed cannot pass any more, so
    it counts as a failure at the high end too. Otherwise a new failure could raise the best grade still possible.
    """
    asked = [j for j in judged if j.verdict is not Verdict.NOT_APPLICABLE]
    if not asked:
        return None
    total = math.fsum(j.criterion.weight for j in asked)
    low = math.fsum(j.criterion.weight * credit(j, all_judged, unknown=0.0) for j in asked) / total
    high = math.fsum(j.criterion.weight * credit(j, all_judged, unknown=1.0) for j in asked) / total
    failing = any(j.criterion.blocking and is_failure(j, all_judged) for j in asked)
    doubtful = any(j.criterion.blocking and j.verdict is Verdict.UNKNOWN for j in asked)
    return GradeRange(
        low=_letter(low, capped=failing or doubtful),
        high=_letter(high, capped=failing),
        score_low=round(low, 6),
        score_high=round(high, 6),
    )


def credit(judged: Judged, all_judged: Mapping[str, Judged], unknown: float) -> float:
    """Share of its weight that a criterion earns; ``unknown`` is what an unknown that may still pass earns."""
    match judged.verdict:
        case Verdict.PASS:
            return 1.0
        case Verdict.WARN:
            return 0.5
        case Verdict.FAIL | Verdict.WAIVED | Verdict.NOT_APPLICABLE:
            return 0.0
        case Verdict.UNKNOWN:
            return 0.0 if cannot_pass(judged, all_judged) else unknown
        case _:
            assert_never(judged.verdict)


def is_failure(judged: Judged, all_judged: Mapping[str, Judged]) -> bool:
    """Whether a criterion counts as failed in the grade: it failed, waived or not, or it is bound to."""
    return judged.verdict in (Verdict.FAIL, Verdict.WAIVED) or cannot_pass(judged, all_judged)


def cannot_pass(judged: Judged, all_judged: Mapping[str, Judged]) -> bool:
    """Whether an unknown is settled: something it requires was judged and did not pass."""
    if judged.verdict is not Verdict.UNKNOWN:
        return False
    required = (all_judged.get(name) for name in judged.criterion.requires)
    settled = (Verdict.FAIL, Verdict.WARN, Verdict.WAIVED)
    return any(r is not None and (r.verdict in settled or cannot_pass(r, all_judged)) for r in required)


def below(letter: Letter, minimum: Letter) -> bool:
    """Whether ``letter`` is worse than ``minimum``."""
    return _ORDER.index(letter) > _ORDER.index(minimum)


def _letter(score: float, *, capped: bool) -> Letter:
    # 1e-12 takes the rounding of the sum back: 0.9 made of ten parts is 0.9.
    reached = next((letter for letter, least in CUT_OFFS if score >= least - 1e-12), _ORDER[-1])
    return CAP if capped and not below(reached, CAP) else reached
