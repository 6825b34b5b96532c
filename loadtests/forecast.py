"""From a measured curve to a rate with its interval at any level within reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.analogues import STEP, Calibration, Floats, shape
from loadtests.measurements import Numbers, checked, resampled


@dataclass(frozen=True)
class Forecast:
    """The curve as measured and how it goes on.

    Attributes:
        levels: levels measured, increasing.
        log_rates: natural logarithms of the rates there.
        ahead: log rate at the highest level measured, and one and two octaves beyond.
        below: how far below each of these the interval reaches.
        above: how far above.
        gap: how far it reaches, both ways, one octave away from the nearest level measured, inside the range.
    """

    levels: Floats
    log_rates: Floats
    ahead: Floats
    below: Floats
    above: Floats
    gap: float

    @property
    def lowest(self) -> float:
        """Lowest level measured."""
        return float(self.levels[0])

    @property
    def highest(self) -> float:
        """Highest level measured."""
        return float(self.levels[-1])

    def rates(self, levels: Floats) -> tuple[Floats, Floats, Floats]:
        """Value, low end and high end at ``levels``, from the lowest measured to two octaves beyond the highest."""
        octaves, measured = np.log2(levels), np.log2(self.levels)
        beyond = octaves - measured[-1]
        places = np.arange(3.0)
        # Errors add up like a random walk over the first octave; over the second, in a straight line to what was
        # calibrated there.
        spread = np.where(beyond < 1, np.sqrt(np.clip(beyond, 0, None)), beyond)
        away = np.sqrt(np.abs(octaves[:, None] - measured[None]).min(axis=1))
        inside = beyond <= 0
        value = np.where(inside, np.interp(octaves, measured, self.log_rates), np.interp(beyond, places, self.ahead))
        below = np.where(inside, self._between(self.below[0], away), np.interp(spread, places, self.below))
        above = np.where(inside, self._between(self.above[0], away), np.interp(spread, places, self.above))
        return np.exp(value), np.exp(value - below), np.exp(value + above)

    def _between(self, at_a_level: float, away: Floats) -> Floats:
        # A mean of the two reaches, and never one plus their difference: each grows with the confidence asked for,
        # their difference does not.
        reach = max(self.gap, at_a_level)
        return np.asarray(np.where(away < 1, at_a_level + (reach - at_a_level) * away, reach * away))


def forecast(levels: Numbers, throughput: Numbers, confidence: float, calibration: Calibration, seed: int) -> Forecast:
    """How a measured curve goes on; raises CapacityError as :func:`loadtests.measurements.checked` does."""
    distinct, runs = checked(levels, throughput)
    rates = resampled(runs, seed)
    slopes = shape(np.log2(distinct), rates)
    noise = float(np.interp(confidence, *calibration.noise.T))
    gap = float(np.interp(confidence, *calibration.gap.T))

    paths = np.stack([rates[:, -1], *(rates[:, -1] + calibration.atlases[h].best(slopes) for h in (1, 2))], axis=1)
    ahead = paths[0]
    below, above = np.empty(3), np.empty(3)
    for horizon in (1, 2):
        low, high = calibration.atlases[horizon].bounds(slopes[:1], confidence)
        change = ahead[horizon] - ahead[0]
        below[horizon], above[horizon] = change - low[0], high[0] - change
    # The calibration cannot place a value closer than its grid; what was measured is not less known than what was not.
    below, above = np.maximum(below, STEP), np.maximum(above, STEP)
    below[0], above[0] = min(noise, below[1]), min(noise, above[1])
    drawn_low, drawn_high = np.quantile(paths, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return Forecast(
        levels=distinct,
        log_rates=rates[0],
        ahead=ahead,
        # What is not known further on is at least what is not known before.
        below=np.maximum.accumulate(np.hypot(below, np.clip(ahead - drawn_low, 0, None))),
        above=np.maximum.accumulate(np.hypot(above, np.clip(drawn_high - ahead, 0, None))),
        gap=gap,
    )
