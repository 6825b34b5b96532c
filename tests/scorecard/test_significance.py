"""The statistics of a comparison: known values, exactness with ties, and how often noise is called a change."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scorecard.comparison.significance import ALPHA, difference, holm, least_p, relative, runs_needed

samples = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=5)


def exact_p(before: list[float], after: list[float]) -> float:
    """Two-sided p by trying every arrangement of the runs: the reference, written another way."""
    pooled, size = [*before, *after], len(before)

    def distance(chosen: tuple[int, ...]) -> float:
        first = [pooled[i] for i in chosen]
        second = [pooled[i] for i in range(len(pooled)) if i not in chosen]
        wins = sum((b > a) + 0.5 * (b == a) for a in first for b in second)
        return wins - len(first) * len(second) / 2

    seen = distance(tuple(range(size)))
    every = [distance(chosen) for chosen in itertools.combinations(range(len(pooled)), size)]
    above = sum(d >= seen - 1e-9 for d in every) / len(every)
    below = sum(d <= seen + 1e-9 for d in every) / len(every)
    return min(1.0, 2 * min(above, below))


def test_complete_separation_of_five_against_five_is_known():
    found = difference([1, 2, 3, 4, 5], [11, 12, 13, 14, 15])
    assert (found.shift, found.delta) == (10, 1)
    assert found.p == pytest.approx(2 / 252)
    assert found.p == pytest.approx(least_p(5, 5))
    assert relative([1, 2, 3, 4, 5], found.shift) == pytest.approx(10 / 3)


@settings(max_examples=60, deadline=None)
@given(samples, samples)
def test_the_p_value_is_that_of_every_arrangement_tried(before, after):
    found = difference(before, after)
    assert found.p == pytest.approx(exact_p(before, after))
    mirrored = difference(after, before)
    assert (mirrored.shift, mirrored.delta) == (-found.shift, -found.delta)
    assert found.p >= least_p(len(before), len(after)) - 1e-12


def test_many_runs_with_ties_agree_with_the_approximation_of_the_library():
    random = np.random.default_rng(7)
    before, after = random.integers(0, 9, 60).tolist(), (random.integers(0, 9, 60) + 1).tolist()
    assert difference(before, after).p == pytest.approx(stats.mannwhitneyu(after, before, method="asymptotic").pvalue)


@pytest.mark.parametrize(("figures", "runs"), [(1, 4), (5, 5), (12, 6), (20, 6)])
def test_the_runs_needed_are_the_fewest_that_can_be_significant(figures, runs):
    assert runs_needed(figures) == runs
    assert least_p(runs, runs) <= ALPHA / figures < least_p(runs - 1, runs - 1)


def test_holm_stops_at_the_first_that_is_not_significant():
    assert holm([0.03, 0.001, 0.04]) == (False, True, False)
    assert holm([0.01, 0.02, 0.03]) == (True, True, True)
    assert holm([]) == ()


def test_noise_is_called_a_change_in_at_most_one_comparison_of_twenty():
    random = np.random.default_rng(2)
    trials, figures = 300, 6
    alarms = 0
    for _ in range(trials):
        runs = random.lognormal(0, 0.3, (figures, 12))
        alarms += any(holm([difference(row[:6].tolist(), row[6:].tolist()).p for row in runs]))
    assert alarms / trials <= ALPHA
    sure = random.lognormal(0, 0.05, (figures, 12)) * np.where(np.arange(12) < 6, 1, 2)
    assert all(holm([difference(row[:6].tolist(), row[6:].tolist()).p for row in sure]))  # the control


def test_from_zero_nothing_is_a_share_and_an_empty_side_is_refused():
    assert relative([0.0, 0.0], 0.1) is None
    with pytest.raises(ValueError, match="empty"):
        difference([], [1.0])
