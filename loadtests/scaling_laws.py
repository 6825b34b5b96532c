"""The classical laws of scaling, fitted: what a curve says of contention and coherency.

They explain; they do not forecast. On published curves the analogues of :mod:`loadtests.capacity` miss less, and the
benchmark of the extrapolation prints both in the same run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np
from scipy.optimize import least_squares

from loadtests.analogues import Floats


@dataclass(frozen=True)
class Usl:
    """Universal scalability law, ``X(N) = gain * N / (1 + contention * (N - 1) + coherency * N * (N - 1))``.

    Source: N. Gunther, *Guerrilla Capacity Planning*, Springer 2007, chapter 6. With no coherency it is Amdahl's law.

    Attributes:
        contention: share of the work that only one may do at a time.
        coherency: cost of each pair keeping in step; above zero, the rate falls beyond :attr:`peak`.
        gain: rate of one, in the unit of the rates.
    """

    contention: float
    coherency: float
    gain: float

    def rate(self, levels: Floats | float) -> Floats:
        """Rate at ``levels``."""
        n = np.asarray(levels, dtype=np.float64)
        return np.asarray(self.gain * n / (1 + self.contention * (n - 1) + self.coherency * n * (n - 1)))

    @property
    def peak(self) -> float:
        """Level beyond which adding more lowers the rate; infinite without coherency."""
        if self.coherency <= 0:
            return math.inf
        return math.sqrt(max(1 - self.contention, 0.0) / self.coherency)


Residual = Literal["rate", "log"]
"""What is least-squared: the rate, as published fits do, or its logarithm, so that low levels weigh as much."""


def fit_usl(levels: Sequence[float] | Floats, rates: Sequence[float] | Floats, residual: Residual = "rate") -> Usl:
    """The USL nearest to the measurements by least squares, all parameters at or above zero."""
    return _fit(levels, rates, residual, coherent=True)


def fit_amdahl(levels: Sequence[float] | Floats, rates: Sequence[float] | Floats, residual: Residual = "rate") -> Usl:
    """The same without coherency."""
    return _fit(levels, rates, residual, coherent=False)


def _fit(
    levels: Sequence[float] | Floats, rates: Sequence[float] | Floats, residual: Residual, *, coherent: bool
) -> Usl:
    n, x = np.asarray(levels, dtype=np.float64), np.asarray(rates, dtype=np.float64)
    gain = float(np.max(x / n))

    def law(parameters: Floats) -> Usl:
        return Usl(float(parameters[1]), float(parameters[2]) if coherent else 0.0, gain * float(parameters[0]))

    def missed(parameters: Floats) -> Floats:
        fitted = law(parameters).rate(n)
        match residual:
            case "rate":
                return np.asarray((fitted - x) / x.max())
            case "log":
                return np.asarray(np.log(fitted / x))
            case _:
                assert_never(residual)

    start = [1.0, 0.01, 1e-4] if coherent else [1.0, 0.01]
    bounds = ([1e-9] + [0.0] * (len(start) - 1), [1e3] * len(start))
    # Tolerances far below the noise of any measurement, so that the unit of the rates does not show in the answer.
    found = least_squares(missed, start, bounds=bounds, x_scale=start, ftol=1e-12, xtol=1e-12, gtol=1e-12)
    return law(found.x)
