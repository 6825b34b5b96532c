"""The knee of the latency: the rate from which the waits leave their floor, long before the objective is passed."""

from __future__ import annotations

import math

from loadtests.figures import french, milliseconds
from loadtests.histogram import quantiles
from loadtests.load_measured import FACTS, Measured, unknown
from scorecard.evidence import Fact, Text

TWICE = 2.0
"""Times the floor at which the knee lies. On the M/M/1 queue that is where throughput over response time is greatest,
the knee of L. Kleinrock, Power and deterministic rules of thumb (ICC 1979)."""
_FEWEST_RATES = 3


def knee(seen: Measured, per_journey: float | None, why: Text) -> Fact:
    """The rate, in requests a second, at which the 95th percentile is twice what it is at the lowest rates.

    Repeats at a rate are pooled, and the curve is the closest one to all rates that never falls, so that no single
    slow step makes a knee. ``low`` and ``high`` are the measured rates on both sides.
    """
    rates, p95 = _curve(seen)
    if len(rates) < _FEWEST_RATES or per_journey is None:
        return unknown("load.knee_rps", why)
    floor = p95[0]
    place = next((place for place, level in enumerate(p95) if level >= TWICE * floor), None)
    if place is None:
        return unknown("load.knee_rps", _no_knee(rates[-1], floor))
    share = math.log(TWICE * floor / p95[place - 1]) / math.log(p95[place] / p95[place - 1])
    rate = rates[place - 1] * (rates[place] / rates[place - 1]) ** share
    return Fact(
        id="load.knee_rps",
        value=rate * per_journey,
        unit=FACTS["load.knee_rps"],
        low=rates[place - 1] * per_journey,
        high=rates[place] * per_journey,
        detail=f"where p95 is twice its floor of {milliseconds(floor)}: at {rate:.4g} journeys/s, between the rates "
        "measured on both sides",
    )


def _curve(seen: Measured) -> tuple[list[float], list[float]]:
    """Rates that said something of the target, rising, and their pooled 95th percentiles, made monotone."""
    sound = [step for step in seen.steps if step.histograms and seen.latency_counts(step)]
    rates = sorted({step.rate for step in sound})
    pooled = [quantiles(h for step in sound if step.rate == rate for h in step.histograms) for rate in rates]
    logs = [math.log(one.p95) for one in pooled if one is not None]
    weights = [float(one.count) for one in pooled if one is not None]
    return rates, [math.exp(level) for level in _never_falling(logs, weights)]


def _never_falling(levels: list[float], weights: list[float]) -> list[float]:
    """The non-decreasing levels closest to ``levels`` in weighted squares: neighbours in the wrong order are merged.

    Source: M. Ayer and others, Annals of Mathematical Statistics 26 (1955), pool adjacent violators.
    """
    blocks: list[tuple[float, float, int]] = []
    for level, weight in zip(levels, weights, strict=True):
        block = (level, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            before = blocks.pop()
            both = before[1] + block[1]
            block = ((before[0] * before[1] + block[0] * block[1]) / both, both, before[2] + block[2])
        blocks.append(block)
    return [level for level, _, count in blocks for _ in range(count)]


def _no_knee(highest: float, floor: float) -> Text:
    return Text(
        en=f"The p95 stayed below twice its floor of {milliseconds(floor)}, up to {highest:.3g} journeys/s.",
        fr=f"Le p95 est resté sous le double de son plancher de {milliseconds(floor)}, jusqu’à "
        f"{french(highest, '.3g')} parcours/s.",
    )
