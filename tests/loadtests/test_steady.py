"""Where a series has settled, and a clock that nobody can set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from loadtests.steady import settled_after
from loadtests.steady_clock import SteadyClock


def test_a_warm_up_is_left_out_and_a_steady_series_is_not() -> None:
    random = np.random.default_rng(1)
    noise = [random.normal(1.0, 0.1, 20) for _ in range(200)]
    cuts = [settled_after(list(series)) for series in noise]
    assert np.mean(np.array(cuts) > 10) < 0.2  # by chance; it costs another warm-up, no more
    warm = np.where(np.arange(20) < 6, 3.0, 0.0)
    warmed = [settled_after(list(series + warm)) for series in noise]
    assert (min(warmed), np.median(warmed)) == (6, 6)
    late = np.linspace(3.0, 0.0, 20)
    assert np.mean([settled_after(list(series + late)) > 10 for series in noise]) > 0.9


def test_times_follow_the_seconds_however_the_clock_is_set() -> None:
    wall, seconds = datetime(2026, 11, 22, 12, tzinfo=UTC), 0.0
    clock = SteadyClock(lambda: wall, lambda: seconds)
    began = clock.now()
    wall, seconds = wall - timedelta(hours=1) + timedelta(seconds=10), 10.0
    assert clock.now() - began == timedelta(seconds=10)
    assert clock.jumped_s() == -3600
