"""What is said of the steps: one void step spoils nothing, nothing held is nil, nobody looked is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from loadtests.demand import demand
from loadtests.histogram import Quantiles
from loadtests.load_facts import facts
from loadtests.load_measured import FACTS, Measured
from loadtests.search import Capacity
from loadtests.step import Objective, Step
from scorecard.evidence import Fact
from scorecard.project import ProjectFile

_FAST = Quantiles(count=1000, mean=0.01, p50=0.01, p95=0.02, p99=0.03, longest=0.04)
_PROJECT = ProjectFile.model_validate({"project": {"name": "Aide", "users": 100_000}, "target": {}})


def step(rate: float, **change: Any) -> Step:
    usual: dict[str, Any] = {
        "requests": 1000,
        "errors": 0,
        "latency": _FAST,
        "rps": rate * 3,
        "window_s": 10.0,
        "scheduled": 100,
        "started": 100,
        "heard": 1000,
        "answered": 1000,
    }
    return Step(rate=rate, **(usual | change))


def said(steps: Sequence[Step], capacity: Capacity | None, smoke_hops: float | None = 2.0) -> dict[str, Fact]:
    seen = Measured(steps[0] if steps else None, steps, capacity, smoke_hops, Objective(0.4, 0.001))
    return {fact.id: fact for fact in facts(seen, 100_000, demand(_PROJECT), None)}


def test_every_fact_is_said_whatever_was_seen() -> None:
    for steps, capacity in (
        ([], None),
        ([step(10)], None),
        ([step(10)], Capacity(10, None, confirmed=True, end="ceiling")),
        ([step(10, errors=1000)], Capacity(None, 10, confirmed=False, end="floor")),
    ):
        assert set(said(steps, capacity)) == set(FACTS)


def test_a_void_step_is_counted_and_spoils_no_other() -> None:
    late = step(40, lag_p99_s=3.0, generator_cpu=0.99)
    found = said([step(10), step(20, lag_p99_s=0.01), late], Capacity(20, None, confirmed=True, end="generator"))
    assert found["load.void_steps"].value == 1
    assert found["load.generator_lag_p99"].value == 0.01
    assert found["load.generator_cpu"].value == 0


def test_a_generator_that_never_kept_up_is_said_to_be_late() -> None:
    late = step(10, lag_p99_s=3.0, generator_cpu=0.99)
    found = said([late, late], Capacity(None, None, confirmed=False, end="generator"))
    assert found["load.generator_lag_p99"].value == 3.0
    assert found["load.users_held"].value is None


def test_nothing_held_is_nil_with_the_errors_of_the_lowest_rate() -> None:
    steps = [step(10, errors=900), step(5, errors=500), step(2.5, errors=100)]
    found = said(steps, Capacity(None, 2.5, confirmed=False, end="floor"))
    assert found["load.users_held"].value == 0
    assert found["load.error_rate"].value == 0.1
    assert "lowest rate tried" in found["load.error_rate"].detail


def test_demand_and_capacity_count_the_same_requests() -> None:
    found = said([step(10)], Capacity(10, None, confirmed=True, end="ceiling"))
    assert found["load.requests_per_journey"].value == 3
    rps, headroom, demand_rps = (
        found[name].value for name in ("load.sustained_rps", "load.headroom", "load.demand_rps")
    )
    assert isinstance(rps, float)
    assert isinstance(demand_rps, float)
    assert rps / demand_rps == pytest.approx(headroom)


def test_what_nobody_looked_at_is_unknown_and_never_nil() -> None:
    found = said([step(10, heard=0, errors=1000)], None)
    assert found["load.lost_writes"].value is None
    assert found["load.rate_limited"].value is None
    assert found["load.writes_share"].value == 0
    nothing = said([step(10, requests=0, heard=0)], None)
    assert nothing["load.writes_share"].value is None
    looked = said([step(10, verified=30, writes=100)], None)
    assert looked["load.lost_writes"].value == 0
    assert looked["load.writes_share"].value == 0.1


def part(p95: float, count: int = 100) -> Quantiles:
    return Quantiles(count=count, mean=p95, p50=p95, p95=p95, p99=p95, longest=p95)


def test_the_step_of_a_journey_that_slows_first_is_named() -> None:
    calm = step(10, parts={"sign in": part(0.1), "file": part(0.05)})
    busy = step(20, parts={"sign in": part(0.5), "file": part(0.7), "rare": part(9.0, count=3)})
    later = step(40, parts={"sign in": part(5.0), "file": part(2.0)})
    capacity = Capacity(10, 40, confirmed=True, end="bracketed")
    found = said([later, busy, calm], capacity)["load.slows_first"]
    assert found.value == "file"
    assert "at 20 journeys/s" in found.detail
    quiet = said([calm], capacity)["load.slows_first"]
    assert quiet.value is None
    assert quiet.reason is not None
    assert "up to 10 journeys/s" in quiet.reason.en


def test_what_fails_or_was_not_loaded_in_time_is_not_called_slow() -> None:
    slow = {"file": part(9.0)}
    calm = step(10, parts={"file": part(0.1)})
    failing, void = step(20, errors=500, parts=slow), step(20, generator_cpu=0.99, parts=slow)
    capacity = Capacity(10, 20, confirmed=True, end="bracketed")
    assert said([calm, failing, void], capacity)["load.slows_first"].value is None
    assert said([calm, step(20, parts=slow)], capacity)["load.slows_first"].value == "file"  # the control
