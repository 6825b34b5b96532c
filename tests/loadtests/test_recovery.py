"""Overload and what follows it, on services that come back and on one that does not."""

from __future__ import annotations

import pytest

from loadtests import recovery
from loadtests.course import Course, Part, Slice
from loadtests.held import Held
from loadtests.histogram import Quantiles
from loadtests.recovery import AFTERWARDS, STEADY, TIMES, collect_recovery, planned, told
from loadtests.step import Objective, Step
from scorecard.evidence import Evidence, Status

RATE = 40.0
OBJECTIVE = Objective(p95_s=0.6, error_rate=0.01)
PARTS = (Part("before", 1, 20), Part("overload", 2, 60), Part("after", 6, 20))


def values(found) -> dict[str, object]:
    return {fact.id: fact.value for fact in found.facts}


def played(p95: list[float], errors: list[int] | None = None, **more) -> Course:
    """A course with one slice a second."""
    parts = ["before"] + ["overload"] * 2 + ["after"] * 6
    slices = [
        Slice(float(at), part, 100, failed, 0, Quantiles(100, wait, wait, wait, wait, wait))
        for at, (part, wait, failed) in enumerate(zip(parts, p95, errors or [0] * 9, strict=True))
    ]
    given = {"lag_p99_s": 0.01, "scheduled": 100, "started": 100} | more
    return Course(PARTS, slices, Step(rate=60, requests=900, errors=0, latency=None, **given), 1.0)


def believed(site) -> Evidence:
    """What is found of the site; looked at again while the machine of the tests keeps the generator waiting."""
    for _ in range(4):
        found = collect_recovery(site)
        if found.reason is None or not {"late", "limit"} & set(found.reason.en.split()):
            break
    return found


@pytest.mark.parametrize(("slower_by_waiting", "comes_back"), [(0.0, True), (0.2, False)])
def test_a_queue_that_slows_its_own_service_does_not_come_back_and_a_plain_one_does(
    serve, queue, site_that_holds, monkeypatch, slower_by_waiting, comes_back
):
    monkeypatch.setattr(recovery, "TIMES", {"quick": recovery.Times(0.5, 2.0, 6.0)})
    found = believed(site_that_holds(serve(queue(1 / RATE, slower_by_waiting)).url, RATE))
    facts = values(found)
    assert facts["recovery.recovered"] is comes_back
    assert (facts["recovery.seconds"] is not None) is comes_back
    assert facts["recovery.p95_in_overload"] > OBJECTIVE.p95_s


def test_the_seconds_run_from_the_end_of_the_overload_to_the_first_of_three_good_slices():
    facts = values(told(played([0.1, 2, 2, 2, 0.1, 2, 0.1, 0.1, 0.1]), OBJECTIVE))
    assert facts["recovery.seconds"] == 3.0
    assert facts["recovery.recovered"] is True


def test_answers_that_fail_fast_are_no_recovery():
    found = told(played([0.1, 2, 2] + [0.01] * 6, errors=[0, 0, 50] + [100] * 6), OBJECTIVE)
    assert values(found)["recovery.recovered"] is False


def test_who_comes_back_just_before_the_end_is_not_said_never_to():
    found = told(played([0.1, 2, 2, 2, 2, 2, 2, 0.1, 0.1]), OBJECTIVE)
    assert "recovery.recovered" not in values(found)
    assert "long enough" in found.reason.en
    assert values(told(played([0.1, 2, 2, 2, 2, 2, 2, 2, 0.1]), OBJECTIVE))["recovery.recovered"] is False


def test_where_the_rate_held_was_not_confirmed_only_a_recovery_that_was_seen_counts():
    never = played([0.1] + [2.0] * 8)
    assert values(told(never, OBJECTIVE))["recovery.recovered"] is False
    assert "not confirmed" in told(never, OBJECTIVE, confirmed=False).reason.en
    assert "recovery.recovered" not in values(told(never, OBJECTIVE, confirmed=False))
    back = played([0.1, 2, 2] + [0.1] * 6)
    assert values(told(back, OBJECTIVE, confirmed=False))["recovery.recovered"] is True


def test_where_the_overload_is_borne_nothing_is_said_of_the_recovery():
    found = told(played([0.1] * 9), OBJECTIVE)
    assert "recovery.recovered" not in values(found)
    assert "borne within the objective" in found.reason.en


def test_a_generator_that_was_late_is_not_held_against_the_service_nor_counted_for_it():
    never = [0.1] + [2.0] * 8
    assert values(told(played(never), OBJECTIVE))["recovery.recovered"] is False
    assert "recovery.recovered" not in values(told(played(never, lag_p99_s=0.5), OBJECTIVE))
    back = [0.1, 2, 2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
    assert values(told(played(back, lag_p99_s=0.5), OBJECTIVE))["recovery.recovered"] is True
    assert "recovery.recovered" not in values(told(played(back, started=50), OBJECTIVE))


@pytest.mark.parametrize("times", [TIMES["quick"], TIMES["full"]])
@pytest.mark.parametrize("high", [40.0, 46.0, 60.0, 120.0])
def test_wherever_in_the_bracket_the_truth_lies_the_overload_is_one_and_its_queue_can_be_gone_in_time(high, times):
    found = Held(rate=40.0, low=37.0, high=high, requests_per_journey=10.0)
    before, overload, after = planned(found, times, slice_s=1.0)
    assert overload.rate > 1.4 * high
    assert before.rate == after.rate == AFTERWARDS * found.low
    left = (overload.rate - found.low) * overload.seconds
    assert left <= (found.low - after.rate) * (after.seconds - STEADY) + 1e-6
    assert 0 < overload.seconds <= times.overload


def test_where_the_bracket_is_too_wide_for_the_profile_nothing_is_tried(site_that_holds):
    site = site_that_holds("http://127.0.0.1:9", RATE, bracket=(RATE / 4, 8 * RATE))
    found = collect_recovery(site)
    assert found.status is Status.SKIPPED
    assert "too short to see the end" in found.reason.en


def test_a_bracket_as_narrow_as_a_search_makes_it_leaves_the_overload_its_whole_length():
    found = Held(rate=40.4, low=37.2, high=45.7, requests_per_journey=11.6)
    assert planned(found, TIMES["quick"], slice_s=1.0)[1].seconds == TIMES["quick"].overload


def test_without_a_measured_rate_there_is_no_overload(site_that_holds, tmp_path):
    site = site_that_holds("http://127.0.0.1:9", RATE)
    (tmp_path / "evidence" / "load.json").unlink()
    found = collect_recovery(site)
    assert found.status is Status.SKIPPED
    assert all(fact.value is None for fact in found.facts)
