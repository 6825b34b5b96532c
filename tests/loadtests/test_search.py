"""The search on simulated systems whose capacity is known by formula, and on systems that must not fool it."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from loadtests.belief import SHARP, Sight
from loadtests.histogram import Quantiles
from loadtests.search import Capacity, Measure, Phase, Plan, search
from loadtests.step import Objective, Step
from loadtests.verdict import Outcome, judge

_SERVERS, _SERVICE_S, _OBJECTIVE = 8, 0.040, Objective(p95_s=0.300, error_rate=0.001)


def late_share(rate: float, limit_s: float) -> float:
    """P(T > t) of an M/M/c queue; facts: e^(-mt) [1 + C(c,A)(1 - e^(-mt(c-1-A)))/(c-1-A)], A = lambda/m, Erlang C."""
    mu, c = 1 / _SERVICE_S, _SERVERS
    a = rate / mu
    terms = [a**k / math.factorial(k) for k in range(c)]
    waiting = a**c / math.factorial(c) * c / (c - a)
    erlang_c = waiting / (sum(terms) + waiting)
    return math.exp(-mu * limit_s) * (1 + erlang_c * (1 - math.exp(-mu * limit_s * (c - 1 - a))) / (c - 1 - a))


def true_capacity() -> float:
    low, high = 1.0, _SERVERS / _SERVICE_S - 1e-6
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if late_share(middle, _OBJECTIVE.p95_s) < 0.05 else (low, middle)
    return low


def sojourn_times(arrivals: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Time in the system of each arrival at _SERVERS servers with exponential service, first come first served."""
    services = random.exponential(_SERVICE_S, len(arrivals)).tolist()
    free = [0.0] * _SERVERS
    times = np.empty(len(arrivals))
    for number, (arrival, service) in enumerate(zip(arrivals.tolist(), services, strict=True)):
        done = max(arrival, free[0]) + service
        heapq.heapreplace(free, done)
        times[number] = done - arrival
    return times


def step_of(rate: float, times: np.ndarray, *, errors: int = 0) -> Step:
    if len(times) == 0:
        return Step(rate, 0, errors, None)
    p50, p95, p99 = np.percentile(times, [50, 95, 99])
    return Step(rate, len(times), errors, Quantiles(len(times), float(times.mean()), p50, p95, p99, float(times.max())))


def queue(seed: int, warm_up_s: float = 5, window_s: float = 30) -> Measure:
    random = np.random.default_rng(seed)

    def measure(rate: float, phase: Phase) -> Step:
        span = warm_up_s + window_s
        arrivals = np.sort(random.uniform(0, span, round(rate * span)))
        return step_of(rate, sojourn_times(arrivals, random)[arrivals >= warm_up_s])

    return measure


def found(measure: Measure, plan: Plan, can_afford: Callable[[Phase], bool] = lambda phase: True) -> Capacity:
    return search(measure, _OBJECTIVE, plan, can_afford)


def always(outcome: Callable[[float], Step]) -> Measure:
    return lambda rate, phase: outcome(rate)


def good(rate: float, requests: int = 1000) -> Step:
    return step_of(rate, np.full(requests, 0.01))


def slow(rate: float) -> Step:
    return step_of(rate, np.full(1000, 1.0))


_PLAN = Plan(start=20, floor=1, resolution=1.05, confirmations=2)


def test_the_formula_gives_the_published_capacity() -> None:
    assert true_capacity() == pytest.approx(188.7, abs=0.1)


def test_the_search_is_unbiased_on_a_queue_of_known_capacity() -> None:
    truth = true_capacity()
    capacities = [found(queue(seed), _PLAN) for seed in range(30)]
    ratios = np.array([capacity.value / truth for capacity in capacities if capacity.value is not None])
    assert len(ratios) == 30
    assert abs(ratios.mean() - 1) < 0.02
    assert ratios.std() < 0.05
    assert (ratios > 1.05).sum() <= 1
    inside = [c.low <= truth <= c.high for c in capacities if c.low is not None and c.high is not None]
    assert sum(inside) >= 27
    assert sum(c.low > truth for c in capacities if c.low is not None) <= 3


def test_what_short_steps_cannot_see_is_taken_off_and_the_low_end_holds() -> None:
    truth, sight = true_capacity(), Sight(5.0, _OBJECTIVE.p95_s)
    sighted = replace(_PLAN, sight=sight, sight_confirming=sight, most=14)
    rates = {}
    for plan in (sighted, replace(sighted, sight=SHARP, sight_confirming=SHARP)):
        capacities = [found(queue(seed, warm_up_s=1, window_s=4), plan) for seed in range(30)]
        rates[plan.sight] = np.array([[c.value, c.low] for c in capacities if c.value is not None]) / truth
    assert len(rates[sight]) == 30
    assert abs(rates[sight][:, 0].mean() - 1) < 0.02
    assert (rates[sight][:, 1] > 1).sum() <= 2
    assert rates[SHARP][:, 0].mean() > 1.05  # the control: steps taken at face value
    assert (rates[SHARP][:, 1] > 1).sum() > 10


def test_quick_answers_show_that_no_queue_grew() -> None:
    sight = Sight(5.0, 2.0)
    assert sight.given(0.01).blind(100) < 0.05 < 0.3 < sight.blind(100)
    assert sight.given(1.9).blind(100) == sight.blind(100)


def disturbed(seed: int, chance: float) -> Measure:
    """The queue on a shared machine: now and then something else makes a step fail whatever its rate."""
    measure, random = queue(seed, window_s=20), np.random.default_rng(seed + 1000)
    return lambda rate, phase: slow(rate) if random.random() < chance else measure(rate, phase)


def test_a_disturbance_now_and_then_does_not_halve_the_capacity() -> None:
    truth, chance, seeds = true_capacity(), 0.07, range(20)
    doubting = [found(disturbed(seed, chance), _PLAN).value or 0.0 for seed in seeds]
    trusting = [found(disturbed(seed, chance), _PLAN, lambda phase: phase != "doubt").value or 0.0 for seed in seeds]
    assert np.mean(doubting) / truth == pytest.approx(1, abs=0.06)
    assert sum(value > 1.05 * truth for value in doubting) <= 1
    assert np.mean(trusting) / truth < 0.9  # the control: a search that believes every failure


def test_a_failure_that_two_repeats_outvote_is_counted() -> None:
    tried: list[float] = []

    def once(rate: float, phase: Phase) -> Step:
        tried.append(rate)
        return slow(rate) if rate > 100 or len(tried) == 1 else good(rate)

    capacity = found(once, _PLAN)
    assert capacity.outvoted == 1
    assert capacity.low is not None
    assert 100 / 1.05 <= capacity.low <= 100


def test_a_ramp_judged_on_all_it_has_seen_overestimates() -> None:
    # the control of the method: what the search must not do
    truth, over = true_capacity(), []
    for seed in range(3):
        random = np.random.default_rng(seed)
        span, top = 600.0, 400.0
        arrivals = np.sort(span * np.sqrt(random.uniform(0, 1, round(span * top / 2))))
        times = sojourn_times(arrivals, random)
        moments = np.arange(10, span, 2.0)
        aborted = next(t for t in moments if np.percentile(times[arrivals + times < t], 95) > _OBJECTIVE.p95_s)
        over.append(top * aborted / span / truth)
    assert min(over) > 1.05


def test_a_server_that_fails_fast_is_not_held() -> None:
    capacity = found(always(lambda rate: step_of(rate, np.full(1000, 0.001), errors=1000)), _PLAN)
    assert capacity.low is None
    assert capacity.value is None


def test_no_samples_are_not_held() -> None:
    capacity = found(always(lambda rate: step_of(rate, np.empty(0))), _PLAN)
    assert (capacity.low, capacity.confirmed) == (None, False)


def test_a_generator_at_its_limit_gives_at_least_what_it_could_send() -> None:
    def busy_from_100(rate: float) -> Step:
        return good(rate) if rate < 100 else Step(rate, 1000, 0, good(rate).latency, generator_cpu=0.99)

    capacity = found(always(busy_from_100), _PLAN)
    assert (capacity.low, capacity.high, capacity.end) == (80, None, "generator")
    assert capacity.confirmed


def test_a_void_step_is_tried_again() -> None:
    tried: list[float] = []

    def noisy(rate: float, phase: Phase) -> Step:
        tried.append(rate)
        late = 1.0 if len(tried) % 3 == 1 else 0.0
        return Step(rate, 1000, 0, (good if rate < 100 else slow)(rate).latency, lag_p99_s=late)

    capacity = found(noisy, _PLAN)
    assert capacity.end == "bracketed"
    assert capacity.low is not None
    assert 100 / 1.05 <= capacity.low < 100


def test_a_capacity_below_the_start_is_found_by_going_down() -> None:
    capacity = found(always(lambda rate: good(rate) if rate <= 3 else slow(rate)), _PLAN)
    assert capacity.low == pytest.approx(3, rel=0.05)
    assert capacity.high == pytest.approx(3, rel=0.05)


def test_a_service_that_holds_nothing_ends_at_the_floor() -> None:
    capacity = found(always(slow), _PLAN)
    assert (capacity.low, capacity.end) == (None, "floor")
    assert capacity.high is not None
    assert capacity.high < 2


def test_a_repeat_that_fails_lowers_the_answer_and_widens_it() -> None:
    def flaky(rate: float, phase: Phase) -> Step:
        return slow(rate) if rate > 100 or (phase == "confirm" and rate > 90) else good(rate)

    steady = found(always(lambda rate: good(rate) if rate <= 100 else slow(rate)), _PLAN)
    capacity = found(flaky, _PLAN)
    assert capacity.confirmed
    assert capacity.low is not None
    assert steady.low is not None
    assert capacity.low <= 90
    assert capacity.high == steady.high
    assert capacity.value is not None
    assert capacity.low < capacity.value < steady.low


def test_without_time_to_confirm_the_answer_says_so() -> None:
    steps = iter(range(6))
    capacity = found(
        always(lambda rate: good(rate) if rate <= 100 else slow(rate)),
        _PLAN,
        lambda phase: next(steps, None) is not None,
    )
    assert (capacity.confirmed, capacity.end) == (False, "time")
    assert capacity.low is not None


def test_the_target_is_never_offered_more_than_twice_what_it_held() -> None:
    for seed in range(5):
        trials: list[tuple[float, bool]] = []
        found(noting(disturbed(seed, 0.2), trials), _PLAN)
        assert len(trials) > 10
        for number, (rate, _) in enumerate(trials):
            held = [tried for tried, good in trials[:number] if good]
            assert rate <= max(_PLAN.start, 2 * max(held, default=0.0) * (1 + 1e-9))


def noting(measure: Measure, trials: list[tuple[float, bool]]) -> Measure:
    def noted(rate: float, phase: Phase) -> Step:
        step = measure(rate, phase)
        trials.append((rate, judge(step, _OBJECTIVE)[0] is Outcome.HELD))
        return step

    return noted


def test_the_search_asks_again_for_what_it_has_seen() -> None:
    # what resuming rests on: the same outcomes lead to the same rates
    seen: list[tuple[float, Phase, Step]] = []
    measure = disturbed(3, 0.1)

    def noted(rate: float, phase: Phase) -> Step:
        seen.append((rate, phase, measure(rate, phase)))
        return seen[-1][2]

    first = found(noted, _PLAN)
    replayed = iter(list(seen))

    def again(rate: float, phase: Phase) -> Step:
        known = next(replayed)
        assert (rate, phase) == known[:2]
        return known[2]

    assert found(again, _PLAN) == first
