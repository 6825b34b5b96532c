"""Curves that the laws of scaling allow, for shapes that published curves hardly show.

Published curves run over connections to one machine, whose cores are soon busy: hardly one of them still grows in
proportion at its end, or falls steeply. Curves over replicas do. For such shapes the calibration takes its outcomes
from here as well.
"""

from __future__ import annotations

import numpy as np

from loadtests.analogues import OCTAVES, Floats, shape
from loadtests.scaling_laws import Usl

STILL_GROWING = 0.4
"""Slope of the last octave from which the laws speak: under one in a hundred published curves of 4x has more."""

FALLING = -0.3
"""Slope of the last octave down to which the laws are silent, for the same reason."""

CURVES = 600
"""Shapes drawn, few against the published ones, so that they tell little where those tell much."""

_LEVELS: Floats = np.exp2(np.arange(12.0))


def windows(horizon: int, seed: int) -> tuple[Floats, Floats]:
    """Shapes of growing and falling theoretical curves and the change of their log rate ``horizon`` octaves further.

    Half of the curves grow up to a ceiling (the database, a pool, a link) that comes without warning, from an octave
    before the last level to four beyond: promising growth that does not come is the costly mistake. The others follow
    in equal parts Amdahl's law, the universal scalability law, and servers behind one queue that hold a latency.
    Parameters are drawn evenly on a log scale, since nothing is known of them.
    """
    generator = np.random.default_rng(seed)
    shapes: list[Floats] = []
    changes: list[float] = []
    while len(shapes) < CURVES:
        end = int(generator.integers(OCTAVES, len(_LEVELS) - horizon))
        match len(shapes) % 6:
            case 0:
                log_rates = np.log(Usl(10 ** generator.uniform(-4, -0.3), 0.0, 1.0).rate(_LEVELS))
            case 1:
                contention, coherency = 10 ** generator.uniform((-4, -6), (-0.3, -1.5))
                log_rates = np.log(Usl(contention, coherency, 1.0).rate(_LEVELS))
            case 2:
                log_rates = _one_queue(2 ** generator.uniform(-4, 1))
            case _:
                log_rates = _ceiling(2 ** (end + generator.uniform(-1, 4)), 2 ** generator.uniform(0, 5))
        slopes = shape(np.log2(_LEVELS[: end + 1]), log_rates[: end + 1])
        if slopes[0] >= STILL_GROWING or slopes[0] <= FALLING:
            shapes.append(slopes)
            changes.append(log_rates[end + horizon] - log_rates[end])
    return np.array(shapes), np.array(changes)


def _one_queue(margin: float) -> Floats:
    """Servers that hold a latency serve ``X`` where ``N = X + margin * sqrt(X)``, more than in proportion.

    Source: S. Halfin and W. Whitt, Operations Research 29 (1981), the square-root rule of staffing.
    """
    return np.asarray(2 * np.log((np.sqrt(margin**2 + 4 * _LEVELS) - margin) / 2))


def _ceiling(ceiling: float, sharpness: float) -> Floats:
    """Growth in proportion up to a plateau, ``X = N / (1 + (N / ceiling) ** sharpness) ** (1 / sharpness)``."""
    return np.asarray(np.log(_LEVELS) - np.log1p((_LEVELS / ceiling) ** sharpness) / sharpness)
