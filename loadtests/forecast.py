"""From a measured curve to a rate with its interval at any level within reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.analogues import Calibration, Floats, shape
from loadtests.measurements import Numbers, checked, resampled


@dataclass(frozen=True)
class Forecast:
    """The curve as measured and how it goes on.

    Attributes:
        octaves: binary logarithms of the levels measured.
        log_rates: natural logarithms of the rates there.
        ahead: log rate at the highest level measured, and one and two octaves beyond.
        below: how far below each of these the interval reaches.
        above: how far above.
        gap: how much wider it gets one octave away from the nearest level measured, inside the range.
    """

    octaves: Floats
    log_rates: Floats
    ahead: Floats
    below: Floats
    above: Floats
    gap: float

    @property
    def lowest(self) -> float:
        """Lowest level measured."""
        return float(2 ** self.octaves[0])

    @property
    def highest(self) -> float:
        """Highest level measured."""
        return float(2 ** self.octaves[-1])

    def rates(self, levels: Floats) -> tuple[Floats, Floats, Floats]:
        """Value, low end and high end at ``levels``, from the lowest measured to two octaves beyond the highest."""
        octaves = np.log2(levels)
        beyond = octaves - self.octaves[-1]
        places = np.arange(3.0)
        # Errors add up like a random walk over the first octave; over the second, in a straight line to what was
        # calibrated there.
        spread = np.where(beyond < 1, np.sqrt(np.clip(beyond, 0, None)), beyond)
        away = self.gap * np.sqrt(np.abs(octaves[:, None] - self.octaves[None]).min(axis=1))
        inside = beyond <= 0
        value = np.where(
            inside, np.interp(octaves, self.octaves, self.log_rates), np.interp(beyond, places, self.ahead)
        )
        below = np.where(inside, self.below[0] + away, np.interp(spread, places, self.below))
        above = np.where(inside, self.above[0] + away, np.interp(spread, places, self.above))
        return np.exp(value), np.exp(value - below), np.exp(value + above)


def forecast(levels: Numbers, throughput: Numbers, confidence: float, calibration: Calibration, seed: int) -> Forecast:
    """How a measured curve goes on; raises CapacityError as :func:`loadtests.measurements.checked` does."""
    octaves, runs = checked(levels, throughput)
    rates = resampled(runs, seed)
    slopes = shape(octaves, rates)
    noise = float(np.interp(confidence, *calibration.noise.T))
    gap = float(np.interp(confidence, *calibration.gap.T))

    paths = np.stack([rates[:, -1], *(rates[:, -1] + calibration.atlases[h].best(slopes) for h in (1, 2))], axis=1)
    ahead = paths[0]
    below, above = [noise], [noise]
    for horizon in (1, 2):
        low, high = calibration.atlases[horizon].bounds(slopes[:1], confidence)
        change = ahead[horizon] - ahead[0]
        below.append(max(change - float(low[0]), noise))
        above.append(max(float(high[0]) - change, noise))
    drawn_low, drawn_high = np.quantile(paths, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return Forecast(
        octaves=octaves,
        log_rates=rates[0],
        ahead=ahead,
        # What is not known further on is at least what is not known before.
        below=np.maximum.accumulate(np.hypot(below, np.clip(ahead - drawn_low, 0, None))),
        above=np.maximum.accumulate(np.hypot(above, np.clip(drawn_high - ahead, 0, None))),
        gap=max(gap - noise, 0.0),
    )
