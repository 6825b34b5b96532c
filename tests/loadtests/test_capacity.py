"""Extrapolation: what it promises whatever the curve, what it refuses, and curves whose truth is known."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from loadtests.capacity import CapacityError, Estimate, extrapolate
from loadtests.errors import LoadTestError
from loadtests.scaling_laws import Usl

LEVELS = [1.0, 2.0, 4.0, 8.0]

rates = st.lists(st.floats(0.5, 5_000.0), min_size=4, max_size=4)
confidences = st.floats(0.02, 0.97)
reaches = st.floats(0.125, 4.0)


@given(rates, reaches, confidences)
@settings(deadline=None)
def test_the_value_lies_within_its_interval(measured: list[float], reach: float, confidence: float) -> None:
    estimate = extrapolate(LEVELS, measured, 8 * reach, confidence)
    assert 0 < estimate.low <= estimate.value <= estimate.high < math.inf


@given(rates, reaches, st.sampled_from([1e-6, 0.3, 60.0, 1e9]), st.sampled_from([0.01, 7.0, 1_000.0]))
@settings(deadline=None)
def test_neither_the_unit_of_the_rate_nor_that_of_the_level_matters(
    measured: list[float], reach: float, rate_unit: float, level_unit: float
) -> None:
    plain = extrapolate(LEVELS, measured, 8 * reach)
    other = extrapolate([n * level_unit for n in LEVELS], [x * rate_unit for x in measured], 8 * reach * level_unit)
    assert [other.value, other.low, other.high] == pytest.approx(
        [plain.value * rate_unit, plain.low * rate_unit, plain.high * rate_unit], rel=1e-6
    )


@given(rates, reaches, confidences, st.floats(0.005, 0.02))
@example([1.0, 0.5, 1.0, 1.0], 0.75, 0.9375, 0.015625)
@example([1.0, 1.0, 1.0, 1.0], 0.75, 0.9375, 0.015625)
@settings(deadline=None)
def test_more_confidence_is_a_wider_interval(
    measured: list[float], reach: float, confidence: float, more: float
) -> None:
    narrow = extrapolate(LEVELS, measured, 8 * reach, confidence)
    wide = extrapolate(LEVELS, measured, 8 * reach, confidence + more)
    assert wide.value == narrow.value
    assert wide.low <= narrow.low * (1 + 1e-9)
    assert wide.high >= narrow.high * (1 - 1e-9)


@given(rates, st.floats(1.0, 3.9), st.floats(0.01, 0.1), confidences)
@settings(deadline=None)
def test_further_out_is_a_wider_interval(measured: list[float], reach: float, more: float, confidence: float) -> None:
    near = extrapolate(LEVELS, measured, 8 * reach, confidence)
    far = extrapolate(LEVELS, measured, 8 * (reach + more), confidence)
    assert far.high / far.value >= near.high / near.value * (1 - 1e-9)
    assert far.value / far.low >= near.value / near.low * (1 - 1e-9)


@given(st.lists(st.lists(st.floats(50.0, 150.0), min_size=3, max_size=3), min_size=3, max_size=3), st.randoms())
@settings(deadline=None, max_examples=10)
def test_the_order_of_the_runs_at_a_level_does_not_matter(runs: list[list[float]], chance: random.Random) -> None:
    levels = [n for n in (1, 2, 4) for _ in range(3)]
    first = extrapolate(levels, [x for run in runs for x in run], 8)
    second = extrapolate(levels, [x for run in runs for x in chance.sample(run, k=len(run))], 8)
    assert [first.value, first.low, first.high] == pytest.approx([second.value, second.low, second.high])


def test_a_level_that_was_measured_gets_what_was_measured() -> None:
    estimate = extrapolate([1, 2, 4, 4], [100, 180, 300, 330], 4)
    assert estimate.value == pytest.approx(math.sqrt(300 * 330))
    assert estimate.reach == 1
    assert estimate.low < estimate.value < estimate.high


def test_between_two_levels_is_less_known_than_at_them() -> None:
    at, between = (extrapolate([1, 4, 16], [100, 300, 400], level) for level in (4, 8))
    assert 300 < between.value < 400
    assert between.high / between.low > at.high / at.low


def test_runs_that_disagree_widen_the_interval() -> None:
    levels = [1, 1, 2, 2, 4, 4]
    agree = extrapolate(levels, [100, 100, 190, 190, 350, 350], 8)
    disagree = extrapolate(levels, [80, 125, 140, 260, 240, 510], 8)
    assert disagree.high / disagree.low > 1.2 * agree.high / agree.low


def test_the_same_seed_gives_the_same_answer() -> None:
    levels, measured = [1, 1, 2, 2, 4, 4], [90, 110, 170, 200, 300, 370]
    assert extrapolate(levels, measured, 8, seed=3) == extrapolate(levels, measured, 8, seed=3)


@pytest.mark.parametrize("levels", [[1, 2, 4], [1, 2, 4, 8], [8, 16, 32, 64], [1, 2, 3], [1, 3, 10, 12]])
@pytest.mark.parametrize("contention", [0.0, 0.01, 0.05, 0.1, 0.2, 0.5])
def test_curves_of_amdahl_are_found_again(levels: list[int], contention: float) -> None:
    law = Usl(contention, 0.0, 100.0)
    for reach, most in ((2, 1.25), (4, 1.75)):
        estimate = extrapolate(levels, law.rate(np.array(levels)), reach * levels[-1])
        truth = float(law.rate(reach * levels[-1]))
        assert estimate.low <= truth <= estimate.high
        assert max(truth / estimate.value, estimate.value / truth) < most


@pytest.mark.parametrize("servers", [2, 4, 8, 64])
def test_a_pool_that_fills_up_is_found_again(servers: int) -> None:
    # A closed M/M/c without thinking time serves min(N, c) at once.
    levels = [1, 2, 4, 8, 16]
    estimate = extrapolate(levels, [25.0 * min(n, servers) for n in levels], 32)
    assert estimate.low <= 25.0 * min(32, servers) <= estimate.high


@pytest.mark.parametrize("servers", [[1, 2, 4], [2, 4, 8], [1, 2, 4, 8]])
@pytest.mark.parametrize("longest_over_service", [7.5, 10.0, 20.0])
@pytest.mark.parametrize("reach", [2, 4])
def test_servers_behind_one_queue_are_found_again(servers: list[int], longest_over_service: float, reach: int) -> None:
    measured = [_held(count, longest_over_service) for count in servers]
    estimate = extrapolate(servers, measured, reach * servers[-1])
    truth = _held(reach * servers[-1], longest_over_service)
    assert estimate.low <= truth <= estimate.high
    assert abs(estimate.value / truth - 1) < 0.25


def _held(servers: int, longest: float) -> float:
    """Rate of M/M/c, in units of one server's, at which 5 % of the answers take more than ``longest`` service times."""

    def late(rate: float) -> float:
        blocked = 1.0
        for k in range(1, servers + 1):
            blocked = rate * blocked / (k + rate * blocked)
        wait = blocked / (1 - rate / servers * (1 - blocked))
        free = servers - 1 - rate
        if abs(free) < 1e-9:
            return math.exp(-longest) * (1 + wait * longest)
        return math.exp(-longest) * (1 + wait * (1 - math.exp(-longest * free)) / free)

    return float(brentq(lambda rate: late(rate) - 0.05, 1e-9, servers * (1 - 1e-9)))


def test_a_ceiling_that_nothing_announces_is_overestimated_by_the_lower_end_by_a_fifth_at_most() -> None:
    # Proportional to the last level measured, and flat from there on: docs/extrapolation.md says that it fails here.
    estimate = extrapolate([1, 2, 4, 8, 16], [25.0 * n for n in (1, 2, 4, 8, 16)], 32)
    assert estimate.low < 1.2 * 25.0 * 16


def test_the_published_raytracer_is_found_again() -> None:
    for level, truth in ((24, 210), (28, 230), (32, 260), (48, 280), (64, 310)):
        estimate = extrapolate([1, 4, 8, 12, 16, 20], [20, 78, 130, 170, 190, 200], level)
        assert estimate.low <= truth <= estimate.high
        assert abs(estimate.value / truth - 1) < 0.3


def test_a_curve_that_broke_down_is_not_promised_to_recover() -> None:
    law = Usl(0.05, 0.005, 100.0)
    levels = np.array([8, 16, 32, 64])
    estimate = extrapolate(levels, law.rate(levels), 128)
    assert estimate.value < float(law.rate(64))


@pytest.mark.parametrize(
    ("levels", "measured", "says"),
    [
        ([1, 2, 4], [1, 2], "3 levels but 2 rates"),
        ([1, 2], [1, 2], "at least 3"),
        ([], [], "at least 3"),
        ([1, 2, 2], [1, 2, 2], "at least 3"),
        ([4, 2, 1], [1, 2, 3], "2 comes after 4"),
        ([1, 4, 2, 8], [1, 2, 3, 4], "2 comes after 4"),
        ([1, 2, 4], [1, math.nan, 3], "rate number 2 is nan"),
        ([1, 2, math.inf], [1, 2, 3], "level number 3 is inf"),
        ([0, 2, 4], [1, 2, 3], "level number 1 is 0"),
        ([1, 2, 4], [1, 2, -3], "rate number 3 is -3"),
        ([1, 2, 4], [1, 0, 3], "rate number 2 is 0"),
        ([[1, 2, 4]], [[1, 2, 3]], "plain number"),
        (["a", 2, 4], [1, 2, 3], "plain number"),
        ([10, 11, 12], [1, 2, 3], "at least twice"),
    ],
)
def test_measurements_that_allow_no_answer_are_refused(levels: list[float], measured: list[float], says: str) -> None:
    with pytest.raises(CapacityError, match=says) as caught:
        extrapolate(levels, measured, 4)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, LoadTestError)
    assert caught.value.text.fr != caught.value.text.en


@pytest.mark.parametrize("level", [16.1, 100, 0.9, 0, -1, math.nan, math.inf])
def test_no_answer_beyond_four_times_what_was_measured_nor_below_it(level: float) -> None:
    with pytest.raises(CapacityError, match="measured from 1 to 4"):
        extrapolate([1, 2, 4], [100, 190, 350], level)


@pytest.mark.parametrize("confidence", [0, 1, 0.999, -0.5, 90, math.nan])
def test_a_confidence_that_no_calibration_backs_is_refused(confidence: float) -> None:
    with pytest.raises(CapacityError, match="confidence"):
        extrapolate([1, 2, 4], [100, 190, 350], 8, confidence)


def test_the_answer_is_the_documented_type() -> None:
    estimate = extrapolate([1, 2, 4], [100, 190, 350], at=8, confidence=0.9)
    assert isinstance(estimate, Estimate)
    assert (estimate.level, estimate.confidence, estimate.reach) == (8, 0.9, 2)
