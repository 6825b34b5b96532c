"""Where the capacity lies, given which rates held and which failed: an estimate from independent trials.

A trial near the capacity holds or fails by chance, and one on a shared machine fails now and then whatever its rate. So
no single trial decides. The chance that a trial at a rate holds is taken to fall along a logistic curve over the
logarithm of the rate, with a small chance of failing at any rate; the capacity and the width of the curve are unknown
and every value of both is weighed by how well it explains all trials. This is the psychometric method of finding a
threshold (A. B. Watson and D. G. Pelli, QUEST, Perception & Psychophysics 33, 1983; lapses after F. A. Wichmann and
N. J. Hill, Perception & Psychophysics 63, 2001).

A short trial sees too little of a queue that grows slowly. Two terms are taken off what it shows, both relative to the
rate: arrivals must exceed the capacity by about ``slow_s / span_s`` for the wait to grow past the objective within the
trial (a queue as a fluid), and a queue that starts empty gains on its own fluctuation, of one part in the root of the
arrivals, only slowly. The two factors were fitted on simulated systems (tests/benchmarks/search_truth.py; decision
0133).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

FLUID = 0.95
"""Share of ``slow_s / span_s`` by which a trial of that span overrates the capacity."""
FLUCTUATION = 0.75
"""The same of one over the root of the arrivals within the span."""
DISTURBED = 0.04
"""Chance that a trial fails for a reason that is not its rate."""
LUCKY = 0.005
"""Chance that a trial well beyond the capacity holds."""
_QUICK_ANSWERS = 4.0
"""Times its 95th percentile that the wait may have come to at the end of a trial that held."""
_WIDTHS = np.array([0.002, 0.005, 0.01, 0.02, 0.04, 0.08])
"""Widths of the curve that are weighed, on the logarithm of the rate."""
_STEP = 0.002
_MARGIN = math.log(4.0)


@dataclass(frozen=True)
class Sight:
    """What a trial can see of an overload.

    Attributes:
        span_s: seconds of load, warm-up and window.
        slow_s: the objective's latency.
    """

    span_s: float
    slow_s: float

    def blind(self, rate: float) -> float:
        """Share of ``rate`` by which the rates that seem to hold exceed the capacity."""
        return FLUID * self.slow_s / self.span_s + FLUCTUATION / math.sqrt(rate * self.span_s)

    def given(self, p95_s: float) -> Sight:
        """What a trial that held could see: had arrivals exceeded the capacity, its own latency would have grown."""
        return replace(self, slow_s=min(self.slow_s, _QUICK_ANSWERS * p95_s))


SHARP = Sight(math.inf, 0.0)
"""A trial that is long enough to see any overload."""


@dataclass(frozen=True)
class Trial:
    """One rate that was offered, whether it held, and what could be seen."""

    rate: float
    held: bool
    sight: Sight = SHARP


@dataclass(frozen=True)
class Belief:
    """Weights of the capacities in ``rates``; they add up to 1."""

    rates: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]

    def quantile(self, share: float) -> float:
        """The rate below which the capacity lies with that probability."""
        return float(np.interp(share, np.cumsum(self.weights), self.rates))


def believe(trials: Sequence[Trial]) -> Belief:
    """What ``trials`` say of the capacity, every rate from a quarter of the lowest to four times the highest tried
    being as likely beforehand.
    """
    tried = [trial.rate for trial in trials]
    places = np.arange(math.log(min(tried)) - _MARGIN, math.log(max(tried)) + _MARGIN, _STEP)
    likelihood = np.zeros((len(_WIDTHS), len(places)))
    for trial in trials:
        seen = math.log(trial.rate) - math.log1p(trial.sight.blind(trial.rate))
        distance = np.clip((places[None, :] - seen) / _WIDTHS[:, None], -40.0, 40.0)
        holds = LUCKY + (1 - DISTURBED - LUCKY) / (1 + np.exp(-distance))
        likelihood += np.log(holds if trial.held else 1 - holds)
    weights = np.exp(likelihood - likelihood.max()).sum(axis=0)
    return Belief(np.exp(places), weights / weights.sum())
