"""Curves that the laws of scaling allow, for shapes that published curves hardly show.

Published curves run over connections to one machine, whose cores are soon busy: hardly one of them still grows in
proportion at its end, or falls steeply. Curves over replicas do. For such shapes the calibration takes its outcomes
from here as well.
"""

from __future__ import annotations

import numpy as np

from loadtests.analogues import Floats, shape
from loadtests.scaling_laws import Usl

STILL_GROWING = 0.4
"""Slope of the last octave from which the laws speak: under one in a hundred published curves of 4x has more."""

FALLING = -0.3
"""Slope of the last octave down to which the laws are silent, for the same reason."""

CURVES = 400
"""Shapes drawn, few against the published ones, so that they tell little where those tell much."""

_OCTAVES = np.arange(12.0)


def windows(horizon: int, seed: int) -> tuple[Floats, Floats]:
    """Shapes of growing and falling theoretical curves and the change of their log rate ``horizon`` octaves further.

    One curve in three each: Amdahl's law, the universal scalability law, and growth up to a ceiling (the database, a
    pool, a link) that comes without warning, ``X(N) = N / (1 + (N / ceiling) ** sharpness) ** (1 / sharpness)``.
    Contention, coherency, ceiling and sharpness are drawn evenly on a log scale, since nothing is known of them.
    """
    generator = np.random.default_rng(seed)
    levels = 2**_OCTAVES
    shapes: list[Floats] = []
    changes: list[float] = []
    while len(shapes) < CURVES:
        match len(shapes) % 3:
            case 0:
                log_rates = np.log(Usl(10 ** generator.uniform(-4, -0.3), 0.0, 1.0).rate(levels))
            case 1:
                contention, coherency = 10 ** generator.uniform((-4, -6), (-0.3, -1.5))
                log_rates = np.log(Usl(contention, coherency, 1.0).rate(levels))
            case _:
                ceiling, sharpness = 2 ** generator.uniform(0, 10), 2 ** generator.uniform(0, 5)
                log_rates = np.log(levels / (1 + (levels / ceiling) ** sharpness) ** (1 / sharpness))
        end = int(generator.integers(3, len(levels) - horizon))
        slopes = shape(_OCTAVES[: end + 1], log_rates[: end + 1])
        if slopes[0] >= STILL_GROWING or slopes[0] <= FALLING:
            shapes.append(slopes)
            changes.append(log_rates[end + horizon] - log_rates[end])
    return np.array(shapes), np.array(changes)
