"""Openings: what people meet in them, and what is told apart."""

from __future__ import annotations

import asyncio

import pytest

from loadtests import spike
from loadtests.course import Course, Part, Slice
from loadtests.histogram import Quantiles
from loadtests.spike import collect_spike, told
from loadtests.step import Objective, Step
from scorecard.evidence import Evidence

OBJECTIVE = Objective(p95_s=0.6, error_rate=0.01)
PARTS = (Part("before", 1, 2), Part("opening", 2, 40), Part("after", 5, 2))


def values(found) -> dict[str, object]:
    return {fact.id: fact.value for fact in found.facts}


def played(p95: list[float], **more) -> Course:
    parts = ["before"] + ["opening"] * 2 + ["after"] * 5
    slices = [
        Slice(float(at), part, 100, 0, 0, Quantiles(100, wait, wait, wait, wait, wait + 1))
        for at, (part, wait) in enumerate(zip(parts, p95, strict=True))
    ]
    given = {"lag_p99_s": 0.01, "scheduled": 100, "started": 100} | more
    return Course(PARTS, slices, Step(rate=40, requests=800, errors=0, latency=None, **given), 1.0)


def believed(site) -> Evidence:
    """What is found of the site; looked at again while the machine of the tests keeps the generator waiting."""
    for _ in range(4):
        found = collect_spike(site)
        if found.reason is None:
            break
    return found


@pytest.mark.parametrize("says_when", [True, False])
def test_a_refusal_that_says_when_to_come_back_is_told_apart_from_a_failure(
    serve, respond, site_that_holds, monkeypatch, says_when
):
    monkeypatch.setattr(spike, "TIMES", {"quick": spike.Times(0.3, 1.0, 1.0)})
    under_way = 0

    async def handler(_):
        nonlocal under_way
        if under_way >= 2:
            return respond(503, headers={"Retry-After": "5"} if says_when else {})
        under_way += 1
        await asyncio.sleep(0.4)
        under_way -= 1
        return respond()

    found = believed(site_that_holds(serve(handler).url, 30.0))
    shares = values(found)["spike.error_share"], values(found)["spike.deferred_share"]
    assert min(shares) == 0
    assert shares[says_when] > 0.1
    assert {row[1] for row in found.tables[0].rows} <= {"before", "opening", "after"}


def test_who_holds_the_opening_has_nothing_to_come_back_from():
    facts = values(told(played([0.1] * 8), OBJECTIVE, 40))
    assert facts["spike.seconds_to_come_back"] == 0
    assert facts["spike.longest_wait"] == pytest.approx(1.1)


def test_the_way_back_is_measured_from_the_end_of_the_opening_and_unknown_where_it_is_not_seen():
    assert values(told(played([0.1, 2, 2, 2, 0.1, 0.1, 0.1, 0.1]), OBJECTIVE, 40))["spike.seconds_to_come_back"] == 1
    assert values(told(played([0.1, 2, 2, 2, 2, 2, 2, 0.1]), OBJECTIVE, 40))["spike.seconds_to_come_back"] is None


def test_what_is_offered_instead_of_the_demand_is_said():
    rates = {
        asked: next(f for f in told(played([0.1] * 8), OBJECTIVE, asked).facts if f.id == "spike.rate").detail
        for asked in (1, 40, 400)
    }
    assert "too few requests" in rates[1]
    assert "not tried" in rates[400]
    assert ";" not in rates[40]


def test_waits_that_may_be_the_generators_own_are_unknown_but_held_is_held():
    late = played([0.1, 2, 2, 0.1, 0.1, 0.1, 0.1, 0.1], lag_p99_s=0.5)
    assert told(late, OBJECTIVE, 40).facts == ()
    assert values(told(played([0.1] * 8, lag_p99_s=0.5), OBJECTIVE, 40))["spike.error_share"] == 0
