"""A step whose rate changes on the way, and what is told of it slice by slice."""

from __future__ import annotations

from random import Random

from loadtests.engine.arrivals import along
from loadtests.engine.orders import Limits, Order
from loadtests.generator import generator
from loadtests.histogram import quantiles
from scorecard.project_journeys import Journey

_FREE = Limits(sessions=10_000, errors=10_000, slow=10_000, slow_s=1.0, dead_after=10_000)


def test_the_rate_follows_its_course_part_by_part():
    arrivals = along({"a": 10.0, "b": 5.0}, 2.0, [(4.0, 1.0), (2.0, 3.0), (4.0, 0.5)], Random(7))
    counts = [sum(begin <= at < end for at, _ in arrivals) for begin, end in ((0, 2), (2, 6), (6, 8), (8, 12))]
    assert counts == [30, 60, 90, 30]
    assert arrivals == sorted(arrivals)


def test_slices_add_up_to_the_step_and_tell_a_refusal_that_says_when_to_come_back(serve, respond, tmp_path):
    asked = 0

    async def handler(request):
        nonlocal asked
        asked += 1
        if asked % 4 == 0:
            return respond(503, headers={"Retry-After": "1"})
        return respond(500) if asked % 4 == 1 else respond()

    journey = Journey.model_validate({"name": "read", "steps": [{"get": "/"}]})
    order = Order(
        rates={"read": 40.0},
        warm_up_s=0.2,
        duration_s=1.5,
        drain_s=2.0,
        limits=_FREE,
        sample_share=0.0,
        think_scale=1.0,
        course=[(0.5, 0.5), (0.5, 2.0), (0.5, 0.5)],
        slice_s=0.5,
    )
    with generator(serve(handler).url, [journey], {"citizen": 1000}, tmp_path, 7) as running:
        report = running.step(order, lambda: None)
    slices = report["slices"]
    assert [(one["at"], one["requests"]) for one in slices] == [(0.0, 10), (0.5, 40), (1.0, 10)]
    totals = {name: sum(one[name] for one in slices) for name in ("requests", "errors", "deferred")}
    assert totals["errors"] == sum(report["steps"][0]["errors"].values())
    assert 2 * totals["deferred"] - 4 <= totals["errors"] <= 2 * totals["deferred"] + 4
    whole = quantiles([report["steps"][0]["latency"]])
    assert quantiles(one["latency"] for one in slices) == whole
