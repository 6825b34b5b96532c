"""Replicas needed for a demand, and the explicit answer that no number of them will do."""

from __future__ import annotations

import math

import pytest

from loadtests.capacity import CapacityError, NotReachable, ReplicasNeeded, extrapolate, replicas_needed

LEVELS = [1, 2, 4]
GROWING = [100.0, 198.0, 390.0]
SATURATED = [100.0, 120.0, 121.0]
FALLING = [100.0, 150.0, 90.0]


def test_the_least_number_whose_lower_bound_holds_the_demand_and_one_for_a_lost_node() -> None:
    needed = replicas_needed(LEVELS, GROWING, demand=200, headroom=0.3, confidence=0.95)
    assert isinstance(needed, ReplicasNeeded)
    assert needed.count == needed.at_least + 1
    assert needed.required == pytest.approx(260)
    assert extrapolate(LEVELS, GROWING, needed.at_least, 0.9).low == pytest.approx(needed.low)
    assert needed.low >= 260
    assert extrapolate(LEVELS, GROWING, needed.at_least - 1, 0.9).low < 260


def test_more_demand_headroom_or_confidence_never_takes_fewer() -> None:
    counts = [
        needed.count
        for demand, headroom, confidence in ((80, 0.1, 0.8), (150, 0.1, 0.8), (150, 0.5, 0.8), (150, 0.5, 0.95))
        if isinstance(needed := replicas_needed(LEVELS, GROWING, demand, headroom, confidence), ReplicasNeeded)
    ]
    assert counts == sorted(counts)
    assert len(counts) == 4


def test_a_saturated_service_is_told_that_replicas_will_not_do() -> None:
    answer = replicas_needed(LEVELS, SATURATED, demand=500)
    assert isinstance(answer, NotReachable)
    assert answer.exhausted
    assert answer.best_low < 500
    assert answer.highest_judged == 16


def test_a_growing_service_out_of_reach_is_told_to_measure_further_and_not_that_it_is_exhausted() -> None:
    answer = replicas_needed(LEVELS, GROWING, demand=50_000)
    assert isinstance(answer, NotReachable)
    assert not answer.exhausted


def test_a_number_is_not_enough_when_its_spare_makes_things_worse() -> None:
    # Two replicas hold 120; three, on the way down, are not shown to.
    assert extrapolate(LEVELS, FALLING, 2, 0.5).low > 120 > extrapolate(LEVELS, FALLING, 3, 0.5).low
    assert isinstance(replicas_needed(LEVELS, FALLING, demand=120, headroom=0, confidence=0.75), NotReachable)


def test_the_lowest_number_measured_is_the_least_considered() -> None:
    needed = replicas_needed([3, 6, 12], [30.0, 58.0, 110.0], demand=1)
    assert isinstance(needed, ReplicasNeeded)
    assert needed.at_least == 3


@pytest.mark.parametrize("unit", [0.01, 100_000])
def test_levels_that_cannot_be_numbers_of_replicas_are_refused(unit: float) -> None:
    with pytest.raises(CapacityError, match="no numbers of replicas"):
        replicas_needed([n * unit for n in LEVELS], GROWING, demand=100)


@pytest.mark.parametrize(
    ("demand", "headroom", "confidence"),
    [(0, 0.3, 0.95), (-1, 0.3, 0.95), (math.nan, 0.3, 0.95), (10, -0.1, 0.95), (10, math.inf, 0.95), (10, 0.3, 0.4)],
)
def test_a_demand_a_headroom_or_a_confidence_out_of_range_is_refused(
    demand: float, headroom: float, confidence: float
) -> None:
    with pytest.raises(CapacityError):
        replicas_needed(LEVELS, GROWING, demand, headroom, confidence)
