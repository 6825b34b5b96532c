"""What several processes play together is what one would have played: arrivals, people, figures."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from loadtests.engine.arrivals import dealt, schedule
from loadtests.engine.merging import WORKER_ALONE, WORKER_LOST, one_report
from loadtests.engine.orders import Limits
from loadtests.engine.recorder import Exchange, Recorder
from loadtests.histogram import Durations, merged

_NO_LIMITS = Limits(sessions=10**9, errors=10**9, slow=10**9, slow_s=1.0)


def dealt_moments(of: int, pattern: Any, seed: int = 5) -> list[np.ndarray[Any, Any]]:
    """The moments that each of ``of`` processes plays, drawn anew by each as they are in the generator."""
    parts = []
    for part in range(of):
        random = Random(seed)
        every = schedule({"a": 120.0, "b": 80.0}, 100, random, pattern)
        whose = dealt(every, of, random, pattern)
        parts.append(np.array([moment for (moment, _), one in zip(every, whose, strict=True) if one == part]))
    return parts


def is_poisson(moments: np.ndarray[Any, Any]) -> bool:
    gaps = np.diff(np.sort(moments))
    return bool(stats.kstest(gaps, "expon", args=(0, gaps.mean())).pvalue > 0.01)


def test_the_parts_of_a_poisson_process_are_poisson_and_so_is_their_sum() -> None:
    parts = dealt_moments(3, "poisson")
    assert sum(len(part) for part in parts) == 20_000
    assert all(is_poisson(part) for part in parts)
    assert is_poisson(np.concatenate(parts))
    assert [len(part) / 20_000 for part in parts] == pytest.approx([1 / 3] * 3, abs=0.02)


def test_poisson_arrivals_that_were_dealt_in_turn_would_not_be_poisson() -> None:
    (whole,) = dealt_moments(1, "poisson")
    assert not is_poisson(np.sort(whole)[::3])


def test_evenly_spaced_arrivals_stay_evenly_spaced_in_every_part() -> None:
    random = Random(5)
    every = schedule({"a": 120.0}, 10, random, "constant")
    whose = dealt(every, 3, random, "constant")
    for part in range(3):
        gaps = np.diff([moment for (moment, _), one in zip(every, whose, strict=True) if one == part])
        assert gaps == pytest.approx(np.full(len(gaps), 3 / 120))


@given(st.lists(st.lists(st.floats(1e-7, 700), max_size=40), min_size=1, max_size=4))
def test_merged_histograms_are_the_one_recorded_in_one(parts: list[list[float]]) -> None:
    def encoded(seconds: list[float]) -> str:
        durations = Durations()
        for one in seconds:
            durations.record(one)
        return durations.encode()

    assert merged(encoded(part) for part in parts) == encoded([one for part in parts for one in part])


def report(exchanges: list[tuple[float, float, str | None]], cpu: float = 0.1, **more: Any) -> dict[str, Any]:
    """What a process reports of (intended, seconds, error)."""
    recorder = Recorder(0, 10, _NO_LIMITS, 5.0)
    for intended, seconds, error in exchanges:
        recorder.arrived(intended, intended + 0.001, 1)
        recorder.sending(intended)
        recorder.answered(
            Exchange(label="a", intended=intended, sent=intended, ended=intended + seconds, hops=1, error=error)
        )
    one = {"host": "here", "cpu": cpu, "sessions": recorder.sessions}
    return recorder.report(10) | {"scheduled": 3, "cpu": cpu, "come": {"citizen": 9}, "processes": [one]} | more


def test_two_reports_made_one_are_what_one_process_would_have_reported() -> None:
    first = [(1.0, 0.2, None), (2.0, 0.5, "status 500"), (6.0, 0.1, None)]
    second = [(3.0, 0.3, None), (7.0, 2.0, "timeout")]
    whole = one_report([report(first, 0.2), report(second, 0.5)])
    alone = report(first + second)
    for what in ("counts", "steps", "slices", "lag", "window_s", "in_flight", "generator_errors"):
        assert whole[what] == pytest.approx(alone[what]) if what == "in_flight" else whole[what] == alone[what], what
    assert whole["cpu"] == 0.5  # one process that is the limit limits them all
    assert len(whole["processes"]) == 2


def test_a_worker_that_was_lost_voids_the_step() -> None:
    assert one_report([report([])], lost=1)["generator_errors"] == {WORKER_LOST: 1}


def test_a_target_is_dead_only_if_no_worker_is_answered() -> None:
    dead = {"broken": "dead", "failing": True}
    assert one_report([report([], **dead), report([], failing=True, broken="stopped")])["generator_errors"] == {}
    alone = one_report([report([], **dead), report([], broken="stopped")])
    assert alone["generator_errors"] == {WORKER_ALONE: 1}
