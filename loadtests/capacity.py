"""From rates measured at a few levels (workers, replicas, connections) to the rate at another level, and how sure.

The method, how it was calibrated and where it fails: ``docs/extrapolation.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from loadtests.analogues import Calibration, shipped
from loadtests.forecast import Forecast, forecast
from loadtests.measurements import CapacityError, Numbers
from scorecard.evidence import Text

__all__ = ["CapacityError", "Estimate", "NotReachable", "ReplicasNeeded", "extrapolate", "replicas_needed"]

REACH = 4.0
"""Highest level that is answered for, as a multiple of the highest measured: beyond it nothing was calibrated."""

MOST_CONFIDENT = 0.99
"""A calibration on some 1 600 curves knows no more of the tails."""

DOUBLING_BRINGS = 1.1
"""A forecast that gains less than this over a doubling of the level has no more to give."""

MOST_REPLICAS = 10_000


@dataclass(frozen=True)
class Estimate:
    """A rate with the interval that holds it, in the unit of the rates measured.

    Attributes:
        value: best single figure.
        low: lower end; also the one-sided bound at ``(1 + confidence) / 2``.
        high: upper end.
        level: the level asked for.
        confidence: how often the interval holds the truth.
        reach: ``level`` over the highest level measured; up to 1 the estimate is an interpolation.
    """

    value: float
    low: float
    high: float
    level: float
    confidence: float
    reach: float


@dataclass(frozen=True)
class ReplicasNeeded:
    """How many replicas carry a demand.

    Attributes:
        count: replicas to run: ``at_least`` and one more, so that one may be lost.
        at_least: least number whose lower bound, and that of one more, reach ``required``.
        required: rate to be held, the demand with its headroom.
        low: lower one-sided bound of the rate at ``at_least``.
    """

    count: int
    at_least: int
    required: float
    low: float


@dataclass(frozen=True)
class NotReachable:
    """No number of replicas within reach is shown to carry the demand.

    Attributes:
        exhausted: True when adding replicas brings nothing more, so that no number of them will do; False when it still
            does, or might, and measurements with more replicas are needed to tell.
        required: rate to be held.
        best_count: number of replicas with the highest lower bound.
        best_low: that bound.
        highest_judged: highest number of replicas that was judged.
    """

    exhausted: bool
    required: float
    best_count: int
    best_low: float
    highest_judged: int


def extrapolate(
    levels: Numbers,
    throughput: Numbers,
    at: float,
    confidence: float = 0.9,
    *,
    calibration: Calibration | None = None,
    seed: int = 0,
) -> Estimate:
    """The rate at level ``at``, with an interval that holds it with probability ``confidence``.

    The interval is that of published curves of the same shape, widened by a bootstrap over the runs where a level was
    measured several times.

    Args:
        levels: levels measured, never decreasing; a level measured in several runs stands several times in a row.
        throughput: rate of each run, same length, in any unit.
        at: level asked for, from the lowest measured to four times the highest.
        confidence: above 0, at most 0.99.
        calibration: the one that comes with the package when left out.
        seed: of the bootstrap; the answer is the same for the same seed.

    Raises:
        CapacityError: lengths that differ; a value that is not finite or not above zero; levels that decrease; fewer
            than three different levels, or the highest less than twice the lowest; ``at`` outside its range.
    """
    ahead = _forecast(levels, throughput, confidence, calibration, seed)
    # A hair of slack, since a level may come from arithmetic (4 * 0.3).
    if not (math.isfinite(at) and ahead.lowest * (1 - 1e-9) <= at <= ahead.highest * REACH * (1 + 1e-9)):
        raise CapacityError(
            Text(
                en=f"no answer for level {at:g}: measured from {ahead.lowest:g} to {ahead.highest:g}, "
                f"answers go up to {REACH:g} times the highest, that is {ahead.highest * REACH:g}",
                fr=f"pas de réponse pour le niveau {at:g} : mesures de {ahead.lowest:g} à {ahead.highest:g}, "
                f"réponses jusqu’à {REACH:g} fois le plus haut, soit {ahead.highest * REACH:g}",
            )
        )
    value, low, high = (float(rate[0]) for rate in ahead.rates(np.array([float(at)])))
    return Estimate(value, low, high, level=float(at), confidence=confidence, reach=float(at) / ahead.highest)


def replicas_needed(
    levels: Numbers,
    throughput: Numbers,
    demand: float,
    headroom: float = 0.3,
    confidence: float = 0.95,
    *,
    calibration: Calibration | None = None,
    seed: int = 0,
) -> ReplicasNeeded | NotReachable:
    """The least number of replicas that carries ``demand`` with ``headroom``, and one more for a lost node.

    A number carries it when the lower one-sided bound of its rate at ``confidence`` reaches
    ``demand * (1 + headroom)``, and so does that of one more: past the peak of a curve, a spare makes things worse.

    Args:
        levels: numbers of replicas measured, see :func:`extrapolate`; fewer than the lowest are not considered.
        throughput: rate of each run.
        demand: rate to be served, same unit, above zero.
        headroom: share wanted above the demand, zero or more.
        confidence: of the one-sided bound, above 0.5, at most 0.995.
        calibration: see :func:`extrapolate`.
        seed: see :func:`extrapolate`.

    Raises:
        CapacityError: as :func:`extrapolate`, or a demand, a headroom or a confidence out of range.
    """
    _check_wanted(demand, headroom, confidence)
    two_sided = min(2 * confidence - 1, MOST_CONFIDENT)
    ahead = _forecast(levels, throughput, two_sided, calibration, seed)
    if not 1 <= ahead.lowest <= ahead.highest <= MOST_REPLICAS:
        raise CapacityError(
            Text(
                en=f"levels {ahead.lowest:g} to {ahead.highest:g} are no numbers of replicas: 1 to {MOST_REPLICAS}",
                fr=f"les niveaux {ahead.lowest:g} à {ahead.highest:g} ne sont pas des nombres d’instances : "
                f"de 1 à {MOST_REPLICAS}",
            )
        )
    required = demand * (1 + headroom)
    counts = np.arange(math.ceil(ahead.lowest), math.floor(ahead.highest * REACH) + 1)
    values, lows, highs = ahead.rates(counts.astype(np.float64))
    enough = lows >= required
    carried = np.flatnonzero(enough[:-1] & enough[1:])
    if len(carried):
        least = int(carried[0])
        at_least = int(counts[least])
        return ReplicasNeeded(count=at_least + 1, at_least=at_least, required=required, low=float(lows[least]))
    best = int(lows.argmax())
    half = ahead.rates(np.array([ahead.highest * REACH / 2]))[0][0]
    return NotReachable(
        exhausted=bool(highs.max() < required and values[-1] < DOUBLING_BRINGS * half),
        required=required,
        best_count=int(counts[best]),
        best_low=float(lows[best]),
        highest_judged=int(counts[-1]),
    )


def _forecast(
    levels: Numbers, throughput: Numbers, confidence: float, calibration: Calibration | None, seed: int
) -> Forecast:
    if not 0 < confidence <= MOST_CONFIDENT:
        raise CapacityError(
            Text(
                en=f"the confidence is {confidence:g}: it must be above 0 and at most {MOST_CONFIDENT:g}",
                fr=f"la confiance vaut {confidence:g} : elle doit être supérieure à 0 et d’au plus {MOST_CONFIDENT:g}",
            )
        )
    return forecast(levels, throughput, confidence, shipped() if calibration is None else calibration, seed)


def _check_wanted(demand: float, headroom: float, confidence: float) -> None:
    if not (math.isfinite(demand) and demand > 0):
        raise CapacityError(
            Text(
                en=f"the demand is {demand:g}: it must be finite and above zero",
                fr=f"la demande vaut {demand:g} : elle doit être finie et supérieure à zéro",
            )
        )
    if not (math.isfinite(headroom) and headroom >= 0):
        raise CapacityError(
            Text(
                en=f"the headroom is {headroom:g}: it must be finite, zero or more",
                fr=f"la marge vaut {headroom:g} : elle doit être finie, nulle ou positive",
            )
        )
    most = (1 + MOST_CONFIDENT) / 2
    if not 0.5 < confidence <= most:
        raise CapacityError(
            Text(
                en=f"the one-sided confidence is {confidence:g}: it must be above 0.5 and at most {most:g}",
                fr=f"la confiance unilatérale vaut {confidence:g} : elle doit être supérieure à 0,5 "
                f"et d’au plus {most:g}",
            )
        )
