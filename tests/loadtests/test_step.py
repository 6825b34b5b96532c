"""What a step says: held, failed or nothing; each false green has its case."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hdrh.histogram import HdrHistogram

from loadtests.budgets import BUDGETS
from loadtests.histogram import Durations, Quantiles, quantiles
from loadtests.step import Objective, Step
from loadtests.verdict import Outcome, judge
from scorecard.project import RunProfile

_OBJECTIVE = Objective(p95_s=0.4, error_rate=0.001)
_FAST = Quantiles(count=1000, mean=0.01, p50=0.01, p95=0.02, p99=0.03, longest=0.04)
_GOOD = Step(
    rate=10,
    requests=1000,
    errors=0,
    latency=_FAST,
    service=_FAST,
    rps=100,
    answered=960,
    in_flight=1.0,
    window_s=10,
    scheduled=100,
    started=100,
)


def test_a_good_step_is_held() -> None:
    assert judge(_GOOD, _OBJECTIVE)[0] is Outcome.HELD


@pytest.mark.parametrize(
    ("change", "outcome", "words"),
    [
        ({"latency": replace(_FAST, p95=0.41)}, Outcome.FAILED, "p95 is 410 ms, the objective is 400 ms"),
        ({"errors": 1, "requests": 400, "answered": 400, "in_flight": 0.4}, Outcome.HELD, "errors are 0.25%"),
        ({"errors": 2}, Outcome.FAILED, "0.20% of the requests failed"),
        ({"errors": 1000, "latency": replace(_FAST, p95=0.001)}, Outcome.FAILED, "100.00% of the requests failed"),
        ({"errors": 600, "limited": 600}, Outcome.FAILED, "The target limits the rate: 600 answers 429"),
        ({"answered": 800}, Outcome.FAILED, "answered 800 of 1000"),
        ({"broken": "dead", "errors": 60, "generator_cpu": 1.0}, Outcome.FAILED, "stopped answering"),
        ({"broken": "slow"}, Outcome.FAILED, "took longer than 400 ms"),
        ({"broken": "sessions"}, Outcome.FAILED, "piled up"),
        ({"requests": 0, "latency": None}, Outcome.VOID, "0 answers are too few"),
        ({"requests": 19}, Outcome.VOID, "19 answers are too few"),
        ({"generator_cpu": 0.95}, Outcome.VOID, "used 95% of its core"),
        ({"lag_p99_s": 0.1}, Outcome.VOID, "100 ms late"),
        ({"lag_p99_s": 0.1, "errors": 500}, Outcome.VOID, "100 ms late"),
        ({"started": 90}, Outcome.VOID, "started 90 of 100"),
        ({"generator_errors": {"no free port": 3}}, Outcome.VOID, "no free port"),
        ({"in_flight": 5.0}, Outcome.VOID, "Little"),
    ],
)
def test_a_step_that_is_not_good_says_why(change: dict[str, object], outcome: Outcome, words: str) -> None:
    found, reason = judge(replace(_GOOD, **change), _OBJECTIVE)  # type: ignore[arg-type]
    assert found is outcome
    assert words in reason.en
    assert reason.fr != reason.en


def test_histograms_merge_exactly_and_keep_three_digits() -> None:
    first, second = Durations(), Durations()
    for milliseconds in range(1, 101):
        (first if milliseconds % 2 else second).record(milliseconds / 1000)
    merged = quantiles([first.encode(), second.encode()])
    assert merged is not None
    assert merged.count == 100
    assert merged.p95 == pytest.approx(0.095, rel=0.001)
    second.record(0.8049)  # Locust's own statistics make 800 ms of it
    worst = quantiles([second.encode()])
    assert worst is not None
    assert worst.longest == pytest.approx(0.8049, rel=0.001)


def test_an_empty_histogram_has_no_quantiles() -> None:
    assert quantiles([Durations().encode()]) is None
    assert quantiles([]) is None


@pytest.mark.parametrize(("name", "longest_s"), [("quick", 105), ("standard", 600), ("full", 1800)])
def test_a_profile_has_time_to_double_three_times_and_to_confirm(name: RunProfile, longest_s: float) -> None:
    budget = BUDGETS[name]
    around = budget.warm_up_s + budget.drain_s
    least = (
        (budget.settle_s + around)
        + (budget.peak_s + around)
        + 3 * (budget.step_s + around)
        + budget.confirmations * (budget.confirm_s + around)
    )
    assert least < budget.total_s <= longest_s


def test_the_mean_is_the_one_that_the_library_walks_all_buckets_for() -> None:
    durations, random = Durations(), Random(7)
    for _ in range(300):
        durations.record(10 ** random.uniform(-6, 2))
    library = HdrHistogram(1, 600_000_000, 3)
    library.decode_and_add(durations.encode())
    found = quantiles([durations.encode()])
    assert found is not None
    assert found.mean == library.get_mean_value() / 1e6
