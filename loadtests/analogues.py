"""What became of published curves of the same shape: the conditional distribution behind an extrapolation.

A curve is reduced to the slopes, in log-log scale, of its last octaves (an octave is a doubling of the level). An
:class:`Atlas` holds, for one horizon, a few hundred cells of that space of shapes; each cell knows how many published
curves had that shape and how they went on. Slopes have no unit, so neither the unit of the rate nor that of the level
(workers, replicas, connections) matters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

OCTAVES = 3
"""Octaves of a curve that make its shape; a curve of three levels may show two, the third is then left out."""

STEP = 0.01
GRID = np.linspace(-3.0, 3.0, 601)
"""Changes of the log rate that are considered: from a twentieth to twenty times the last rate, a :data:`STEP` apart."""

STEEP, STRETCH = 5.0, 0.45
"""What :meth:`Atlas.places` adds to the rank of a slope: ``STRETCH * arcsinh(STEEP * slope)``."""

WIDE = 1.5
"""Bandwidth for the interval over that for the estimate: a tail takes more curves to be known than a middle."""

BLUR = 0.04
"""Standard deviation, in log rate, of the noise put around every outcome, about that of a repeated run."""


def shape(octaves: Floats, log_rates: Floats) -> Floats:
    """Slopes of the last octaves, the newest first, of one or several curves over the same levels.

    Args:
        octaves: binary logarithms of the levels, strictly increasing, one octave or more in all.
        log_rates: natural logarithms of the rates; the last axis runs along the levels.

    Returns:
        :data:`OCTAVES` slopes on the last axis (1 is proportional growth, 0 a plateau). An octave of which less than
        half was measured is NaN.
    """
    top = octaves[-1]
    slopes = np.full((*log_rates.shape[:-1], OCTAVES), np.nan)
    for index in range(OCTAVES):
        newer, older = top - index, max(top - index - 1, octaves[0])
        if newer - older >= 0.5:
            rise = _between(octaves, log_rates, newer) - _between(octaves, log_rates, older)
            slopes[..., index] = rise / ((newer - older) * np.log(2))
    # Rounded far below any noise, so that rates in another unit give the same slopes to the last bit.
    return np.asarray(np.round(slopes, 9))


def _between(octaves: Floats, log_rates: Floats, at: float) -> Floats:
    right = int(np.clip(np.searchsorted(octaves, at), 1, len(octaves) - 1))
    share = (at - octaves[right - 1]) / (octaves[right] - octaves[right - 1])
    inside: Floats = log_rates[..., right - 1] * (1 - share) + log_rates[..., right] * share
    return inside


@dataclass(frozen=True)
class Aim:
    """What the estimate of an :class:`Atlas` is made for.

    Attributes:
        cap: relative error from which all errors weigh the same: a forecast that far off is of no use anyway.
        power: exponent of the loss, see :meth:`Atlas.best`: the higher, the more errors near the cap weigh against
            small ones.
        bandwidth: how far apart, in places, shapes still tell of each other.
    """

    cap: float
    power: float
    bandwidth: float


@dataclass(frozen=True)
class Atlas:
    """How published curves went on over one horizon, by shape.

    Attributes:
        knots: for each octave, increasing slopes at equally spaced ranks among the published ones.
        centres: cells by octaves, see :meth:`places`.
        counts: published curves of each cell.
        weights: what one of these curves counts, cell by cell.
        outcomes: cells by equally likely changes of the log rate over the horizon.
        aim: what the estimate is made for.
        levels: confidence asked against the level of the distribution that held it on curves kept apart.
    """

    knots: Floats
    centres: Floats
    counts: Floats
    weights: Floats
    outcomes: Floats
    aim: Aim
    levels: Floats

    def best(self, slopes: Floats) -> Floats:
        """Change of the log rate with the least expected loss, for each row of ``slopes``.

        The loss is ``min(|forecast / truth - 1|, cap) ** power``: relative error, so that promising too much costs
        more than promising too little, and capped, so that where curves of a shape go one of two ways the answer is
        one of the ways and not a middle that none of them took.
        """
        expected = self._nearness(slopes, self.aim.bandwidth) @ self._losses
        best: Floats = GRID[expected.argmin(axis=1)]
        return best

    def bounds(self, slopes: Floats, confidence: float) -> tuple[Floats, Floats]:
        """Changes of the log rate between which the truth lies with ``confidence``, for each row of ``slopes``."""
        inner = float(np.interp(confidence, self.levels[:, 0], self.levels[:, 1]))
        low, high = np.array(
            [np.interp([(1 - inner) / 2, (1 + inner) / 2], row, GRID) for row in self._distribution(slopes)]
        ).T
        return low, high

    def surprise(self, slopes: Floats, changes: Floats) -> Floats:
        """The level, 0 to 1, of the narrowest central interval of the raw distribution that holds each change."""
        at = [np.interp(change, GRID, row) for change, row in zip(changes, self._distribution(slopes), strict=True)]
        return np.asarray(np.abs(2 * np.array(at) - 1))

    def places(self, slopes: Floats) -> Floats:
        """Where ``slopes`` stand, so that near means alike; NaN where a slope is NaN.

        The rank among the published ones, since 0.95 against 1.00 tells more than 0.45 against 0.50, and the slope
        itself: far out, ranks hardly tell a curve that loses a tenth from one that breaks down.
        """
        even = np.linspace(0, 1, self.knots.shape[1])
        ranks = np.stack([np.interp(slopes[:, i], row, even) for i, row in enumerate(self.knots)], axis=1)
        return np.asarray(ranks + STRETCH * np.arcsinh(STEEP * slopes))

    def _distribution(self, slopes: Floats) -> Floats:
        # A hair of slope keeps the distribution function invertible where it is flat.
        mixed = self._nearness(slopes, self.aim.bandwidth * WIDE) @ self._cumulative
        return np.asarray(mixed + np.linspace(0, 1e-9, len(GRID)))

    def _nearness(self, slopes: Floats, bandwidth: float) -> Floats:
        offsets = self.places(slopes)[:, None] - self.centres[None]
        distances = np.nansum(offsets**2, axis=2)
        nearest = distances.min(axis=1, keepdims=True)
        weights = self.counts * self.weights * np.exp(-distances / (2 * (bandwidth**2 + nearest)))
        normalised: Floats = weights / weights.sum(axis=1, keepdims=True)
        return normalised

    @cached_property
    def _losses(self) -> Floats:
        error = np.minimum(np.abs(np.expm1(GRID[None, None] - self.outcomes[:, :, None])), self.aim.cap)
        return np.asarray((error**self.aim.power).mean(axis=1))

    @cached_property
    def _cumulative(self) -> Floats:
        return np.asarray(ndtr((GRID[None, None] - self.outcomes[:, :, None]) / BLUR).mean(axis=1))


@dataclass(frozen=True)
class Calibration:
    """Everything learned from published curves.

    Attributes:
        atlases: by horizon in octaves: 1 and 2.
        noise: confidence against the half-width, in log rate, of one run around the curve.
        gap: confidence against the half-width, in log rate, one octave away from the measured levels on both sides.
        made: how it was made, in words and figures.
    """

    atlases: Mapping[int, Atlas]
    noise: Floats
    gap: Floats
    made: Mapping[str, Any]

    def as_document(self) -> dict[str, Any]:
        """The calibration as JSON values, rounded to what the data can tell."""
        return {
            "made": dict(self.made),
            "noise": self.noise.round(4).tolist(),
            "gap": self.gap.round(4).tolist(),
            "atlases": {
                str(horizon): {
                    "aim": asdict(atlas.aim),
                    "levels": atlas.levels.round(5).tolist(),
                    "knots": atlas.knots.round(3).tolist(),
                    "counts": atlas.counts.astype(int).tolist(),
                    "weights": atlas.weights.round(3).tolist(),
                    "centres": atlas.centres.round(3).tolist(),
                    "outcomes": atlas.outcomes.round(3).tolist(),
                }
                for horizon, atlas in self.atlases.items()
            },
        }

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Calibration:
        """The inverse of :meth:`as_document`."""
        return cls(
            atlases={
                int(horizon): Atlas(
                    aim=Aim(**part["aim"]),
                    **{
                        name: np.array(part[name], dtype=np.float64)
                        for name in ("knots", "centres", "counts", "weights", "outcomes", "levels")
                    },
                )
                for horizon, part in document["atlases"].items()
            },
            noise=np.array(document["noise"], dtype=np.float64),
            gap=np.array(document["gap"], dtype=np.float64),
            made=document["made"],
        )


@lru_cache(maxsize=1)
def shipped() -> Calibration:
    """The calibration that comes with the package; ``docs/extrapolation.md`` tells how it was made."""
    content = files("loadtests").joinpath("calibration.json").read_text(encoding="utf-8")
    return Calibration.of_document(json.loads(content))
