"""How far a product of uncertain numbers may lie from its best value."""

from __future__ import annotations

import math
from collections.abc import Iterable

from loadtests.profiles import Sourced


def spread(factors: Iterable[Sourced], *, plus: float = 0.0) -> tuple[float, float]:
    """What to multiply a product by for its low and its high end.

    The ranges of independent factors combine like standard deviations of their logarithms: the ends are not all met at
    once. A factor without a range is certain.

    Args:
        factors: numbers above zero once ``plus`` is added.
        plus: added to every number and to its range (1 for a share that comes on top).
    """
    below = above = 0.0
    for factor in factors:
        value = factor.value + plus
        low = value if factor.low is None else factor.low + plus
        high = value if factor.high is None else factor.high + plus
        if value > 0 and low > 0:
            below += math.log(value / low) ** 2
            above += math.log(high / value) ** 2
    return math.exp(-math.sqrt(below)), math.exp(math.sqrt(above))


def joined(*ends: tuple[float, float]) -> tuple[float, float]:
    """The ends of a product of several, each given as :func:`spread` gives them."""
    below = math.sqrt(sum(math.log(low) ** 2 for low, _ in ends))
    above = math.sqrt(sum(math.log(high) ** 2 for _, high in ends))
    return math.exp(-below), math.exp(above)
