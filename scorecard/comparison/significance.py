"""Whether two handfuls of runs differ by more than chance: Mann-Whitney U, its size, and the runs it takes."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats

ALPHA = 0.05
"""Chance, over all figures that are compared together, of calling noise a change."""

_MOST_ARRANGEMENTS = 50_000
"""Arrangements of the runs over the two sides that are all tried (9 runs against 9); above it, the approximation."""


@dataclass(frozen=True)
class Difference:
    """How ``after`` differs from ``before``.

    ``shift`` is the median of all pairwise differences (Hodges and Lehmann 1963), in the unit of the values;
    ``delta`` is Cliff's delta, from -1 (all are lower) to 1 (all are higher); ``p`` is two-sided.
    """

    shift: float
    delta: float
    p: float


def difference(before: Sequence[float], after: Sequence[float]) -> Difference:
    """The difference between two samples of at least one value each, all finite.

    Raises:
        ValueError: a sample is empty.
    """
    if not before or not after:
        raise ValueError("a sample is empty")
    first, second = np.asarray(before, float), np.asarray(after, float)
    pairs = second[:, None] - first[None, :]
    delta = float(np.sign(pairs).mean())
    return Difference(float(np.median(pairs)), delta, _p(first, second))


def relative(before: Sequence[float], shift: float) -> float | None:
    """``shift`` as a share of the median before; None when that is zero, of which nothing is a share."""
    middle = statistics.median(before)
    return None if middle == 0 else shift / abs(middle)


def least_p(before: int, after: int) -> float:
    """The smallest two-sided p that so many runs can give: every run of one side beyond every run of the other."""
    return min(1.0, 2 / math.comb(before + after, before))


def runs_needed(figures: int, alpha: float = ALPHA) -> int:
    """Runs on each side from which a change in one of ``figures`` compared together can be told from noise at all."""
    runs = 1
    while least_p(runs, runs) > alpha / max(figures, 1):
        runs += 1
    return runs


def holm(p_values: Sequence[float], alpha: float = ALPHA) -> tuple[bool, ...]:
    """Which of several tests are significant together, by the step-down method of Holm (1979)."""
    significant = [False] * len(p_values)
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        if p_values[place] > alpha / (len(p_values) - rank):
            break
        significant[place] = True
    return tuple(significant)


def _p(first: np.ndarray, second: np.ndarray) -> float:
    """Two-sided p of the rank test: exact for few runs, equal values included, for which there are no tables."""
    ranks = stats.rankdata(np.concatenate([first, second]))
    if math.comb(len(ranks), len(first)) > _MOST_ARRANGEMENTS:
        return float(stats.mannwhitneyu(second, first, method="asymptotic").pvalue)
    sums = ranks[_arrangements(len(ranks), len(first))].sum(axis=1)
    seen = ranks[: len(first)].sum()
    return min(1.0, 2 * float(min((sums <= seen).mean(), (sums >= seen).mean())))


@lru_cache(maxsize=8)
def _arrangements(runs: int, side: int) -> np.ndarray:
    """Every way to choose which of ``runs`` are the ``side`` runs of one side, one a row."""
    return np.array(list(itertools.combinations(range(runs), side)))
