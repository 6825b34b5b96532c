"""Endurance: drifts that are there are found, and none where there is none."""

from __future__ import annotations

from random import Random

import pytest

from loadtests import soak
from loadtests.course import Course, Part, Slice
from loadtests.drift import drift
from loadtests.histogram import Quantiles
from loadtests.memory import private_bytes
from loadtests.soak import collect_soak, told
from loadtests.step import Objective, Step
from scorecard.evidence import Evidence, Status

HOUR = 3600.0


def fact(evidence: Evidence, name: str):
    return next(one for one in evidence.facts if one.id == name)


def noisy(per_hour: float, seconds: int, noise: float, seed: int) -> list[float]:
    random = Random(seed)
    return [100e6 * (1 + per_hour * at / HOUR) * (1 + random.gauss(0, noise)) for at in range(seconds)]


@pytest.mark.parametrize("per_hour", [0.0, 0.3, -0.2, 5.0])
def test_the_interval_of_a_drift_holds_the_truth_as_often_as_it_says(per_hour):
    held = 0
    for seed in range(60):
        found = drift(range(180), noisy(per_hour, 180, 0.002, seed))
        held += found.low <= per_hour <= found.high
    assert held >= 60 * 0.85


def test_a_leak_is_found_and_noise_is_none():
    leak = drift(range(180), noisy(0.6, 180, 0.002, 1))
    assert leak.low > 0.25
    assert leak.p_value < 0.01
    still = drift(range(180), [100e6] * 180)
    assert (still.per_hour, still.low, still.high, still.p_value) == (0, 0, 0, 1)


def test_a_service_that_keeps_what_it_was_sent_leaks_and_its_twin_does_not(
    leaking_service, site_that_holds, monkeypatch
):
    monkeypatch.setattr(soak, "SECONDS", {"standard": 6.0})
    drifts = {}
    for kept in (200_000, 0):
        with leaking_service(kept) as service:
            site = site_that_holds(service.url, 60.0, profile="standard", server_pids=service.pids)
            found = collect_soak(site)  # memory is the service's own, however late the generator
            drifts[kept] = fact(found, "soak.memory_after_an_hour"), fact(found, "soak.memory")
            assert found.status in (Status.COMPLETED, Status.DEGRADED), found.reason
    leak, sound = drifts[200_000][0], drifts[0][0]
    assert drifts[200_000][1].value > drifts[0][1].value + 40_000_000
    assert leak.low > 10
    assert sound.low < 2


@pytest.mark.parametrize(("per_hour", "found"), [(4.0, True), (0.0, False)])
def test_latency_that_grows_with_time_drifts_and_one_that_wanders_does_not(per_hour, found):
    random = Random(3)
    slices = []
    for at in range(0, 1500, 12):
        wait = 0.05 * (1 + per_hour * at / HOUR) * (1 + random.gauss(0, 0.05))
        slices.append(Slice(float(at), "soak", 400, 0, 0, Quantiles(400, wait, wait, 2 * wait, 2 * wait, 2 * wait)))
    whole = Step(rate=40, requests=50_000, errors=3, latency=slices[0].latency, scheduled=1, started=1)
    course = Course((Part("soak", 1500.0, 40.0),), slices, whole, 1.0)
    drifts = next(f for f in told(course, [], Objective(0.4, 0.001)).facts if f.id == "soak.latency_after_an_hour")
    of_the_beginning = per_hour / (1 + per_hour * soak.WARM_UP_SHARE * 1500 / HOUR)
    assert drifts.low < 1 + of_the_beginning < drifts.high
    assert (drifts.low > 1.25) is found


def test_too_wide_an_interval_is_unknown_unless_it_lies_above_a_doubling():
    random = Random(5)
    few = [(float(at), int(100e6 * random.gauss(1, 0.02))) for at in range(30, 60)]
    steep = [(float(at), int(1e6 * at * random.gauss(1, 0.05))) for at in range(30, 60)]
    course = Course(
        (Part("soak", 60.0, 40.0),), [], Step(rate=40, requests=0, errors=0, latency=None, scheduled=1, started=1), 1.0
    )
    for memory, stated in ((few, False), (steep, True)):
        facts = told(course, memory, Objective(0.4, 0.001)).facts
        drifts = next(one for one in facts if one.id == "soak.memory_after_an_hour")
        assert (drifts.value is not None) is stated
        assert drifts.high - drifts.low > 1


def test_a_quick_run_does_not_soak_unless_asked_to(site_that_holds):
    found = collect_soak(site_that_holds("http://127.0.0.1:9", 10.0))
    assert found.status is Status.SKIPPED
    assert "--profile standard" in found.reason.en


def test_memory_of_nobody_is_unknown():
    assert private_bytes([2**22 + 1]) is None
