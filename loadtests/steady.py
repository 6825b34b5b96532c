"""Where a series of measurements has settled: how much of its beginning belongs to the warm-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loadtests.histogram import quantiles

SLICES = 20
"""Batches that a warm-up is cut into."""
_FEWEST = 5
"""Batches that must be left: the spread of the last two or three is small by chance and says nothing."""
_FALLS = 1.1
"""Ratio of the first half to the second from which a service that has not settled is still getting faster."""


def settled_after(means: Sequence[float]) -> int:
    """Batches to leave out so that the mean of the others is known best: the marginal standard error rule (MSER).

    More than half of them means that the series has not settled. Source: K. P. White, Simulation 69 (1997), and
    K. P. White, M. J. Cobb, S. C. Spratt, Proceedings of the Winter Simulation Conference 2000 (MSER-5, on means of
    batches).
    """
    series = np.asarray(means, dtype=np.float64)
    left = np.arange(len(series), _FEWEST, -1)
    errors = [float(series[cut:].var()) / count for cut, count in enumerate(left)]
    return int(np.argmin(errors)) if errors else 0


def still_warming_up(slices: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the latency of a step, told in slices of its window, had not settled by its middle and was falling."""
    found = [quantiles([one["latency"]]) for one in slices]
    means = [one.mean for one in found if one is not None]
    if len(means) < SLICES // 2:
        return False
    half = len(means) // 2
    falls = float(np.mean(means[:half])) > _FALLS * float(np.mean(means[half:]))
    return settled_after(means) > half and falls
