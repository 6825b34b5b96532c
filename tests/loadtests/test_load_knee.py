"""The knee: where the waits leave their floor."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from loadtests.histogram import Durations, quantiles
from loadtests.load_knee import knee
from loadtests.load_measured import Measured
from loadtests.step import Objective, Step
from scorecard.evidence import Fact, Text

_WHY = Text(en="It was not measured.", fr="Cela n’a pas été mesuré.")


def step(rate: float, p95: float, errors: int = 0) -> Step:
    durations = Durations()
    for _ in range(100):
        durations.record(p95)
    encoded = durations.encode()
    return Step(
        rate=rate, requests=100, errors=errors, latency=quantiles([encoded]), answered=100, histograms=(encoded,)
    )


def found(p95: Mapping[float, float], *more: Step) -> Fact:
    steps = [*(step(rate, level) for rate, level in p95.items()), *more]
    return knee(Measured(None, steps, None, 2.0, Objective(0.4, 0.01)), 2.0, _WHY)


def test_it_lies_where_the_p95_is_twice_its_floor() -> None:
    # M/M/1 of 100 a second: the response time is 1 / (100 - rate), twice its floor at 50
    fact = found({rate: 0.03 / (1 - rate / 100) for rate in (1.0, 25.0, 45.0, 55.0, 75.0, 90.0)})
    assert fact.value == pytest.approx(2 * 50, rel=0.05)
    assert (fact.low, fact.high) == (90, 110)
    assert "floor of 30 ms" in fact.detail


def test_one_slow_step_among_fast_ones_makes_no_knee() -> None:
    levels = {10.0: 0.02, 20.0: 0.02, 30.0: 0.02, 40.0: 0.02, 50.0: 0.02, 80.0: 0.2}
    fact = found(levels | {20.0: 0.05})
    assert fact.low == 100
    assert fact.high == 160


def test_latency_of_errors_makes_no_knee() -> None:
    flat = {10.0: 0.02, 20.0: 0.02, 40.0: 0.02}
    fact = found(flat, step(60.0, 0.3, errors=50))
    assert fact.value is None
    assert fact.reason is not None
    assert "up to 40 journeys/s" in fact.reason.en
    assert found(flat, step(60.0, 0.3)).value is not None  # the control


def test_two_rates_show_no_curve() -> None:
    assert found({10.0: 0.02, 20.0: 0.2}).reason == _WHY
