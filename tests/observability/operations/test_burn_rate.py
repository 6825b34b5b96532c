"""Burn rates against the figures of the workbook they are taken from, and on any budget."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observability.operations import OperationsError
from observability.operations.burn_rate import DAY_S, MOST_FAILING, PAIRS, burn_rate, burns, window


def test_the_rates_are_those_of_the_workbook_for_a_month():
    assert [burn_rate(pair) for pair in PAIRS] == pytest.approx([14.4, 6, 1])


def test_three_nines_give_the_thresholds_of_the_workbook():
    assert [burn.failing for burn in burns(0.001)] == pytest.approx([0.0144, 0.006, 0.001])


def test_each_short_window_is_a_twelfth_of_its_long_one():
    assert all(pair.long_s == 12 * pair.short_s for pair in PAIRS)


def test_a_period_of_a_week_asks_for_lower_rates():
    assert burn_rate(PAIRS[0], 7 * DAY_S) == pytest.approx(3.36)


@given(st.floats(min_value=1e-6, max_value=0.999_999))
def test_every_alert_of_any_budget_can_fire_and_the_quicker_one_asks_for_more(budget: float):
    found = burns(budget)
    assert found
    assert all(0 < burn.failing <= MOST_FAILING for burn in found)
    assert all(quick.failing > slow.failing for quick, slow in pairwise(found))


def test_a_budget_of_a_tenth_would_need_more_than_every_request_to_fail_and_is_capped():
    (fast, steady, slow) = burns(0.1)
    assert (fast.failing, steady.failing, slow.failing) == pytest.approx((MOST_FAILING, 0.6, 0.1))
    assert fast.spent == pytest.approx(MOST_FAILING / 0.1 / 720)


@pytest.mark.parametrize("budget", [0.0, 1.0, -0.1, 2.0])
def test_no_budget_and_no_objective_are_refused(budget: float):
    with pytest.raises(OperationsError, match="no error budget"):
        burns(budget)


def test_windows_are_written_as_prometheus_does():
    assert [window(seconds) for seconds in (90, 300, 3_600, 259_200)] == ["90s", "5m", "1h", "3d"]
