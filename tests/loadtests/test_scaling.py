"""What more workers bring: told from what was measured, and never beyond."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest

from loadtests import scaling
from loadtests.budgets import BUDGETS
from loadtests.engine.orders import Limits, Order
from loadtests.loading import played
from loadtests.player import spread
from loadtests.scaling import collect_scaling, levels_of
from loadtests.scaling_facts import Level, told
from scorecard.evidence import Status, Text
from scorecard.site import Copy, CopyError

TARGET = {"start": "python service.py {port} {workers}"}


def level(workers: int, value: float, busy: float = 1.0) -> Level:
    return Level(workers, value, value * 0.98, value * 1.04, busy)


def facts(*levels: Level, asked: float = 50.0, cores: int = 8):
    return {fact.id: fact for fact in told(levels, None, asked, 0.3, 100_000, cores).facts}


def rows(*levels: Level):
    table = told(levels, None, 50.0, 0.3, 100_000, 8).tables[0]
    return [dict(zip((column.name for column in table.columns), row, strict=True)) for row in table.rows]


def test_levels_double_up_to_the_cores():
    assert [levels_of(cores) for cores in (1, 2, 4, 7, 8)] == [[1, 2], [1, 2], [1, 2, 4], [1, 2, 4], [1, 2, 4, 8]]


def test_two_levels_give_a_ratio_with_what_it_leaves_open_and_no_forecast():
    found = facts(level(1, 20), level(2, 36))
    gain = found["load.scaling_gain"]
    assert gain.value == pytest.approx(1.8)
    assert gain.low < gain.value < gain.high
    assert found["load.scaling_efficiency"].value == pytest.approx(0.9)
    assert found["load.replicas_needed"].value is None
    assert "fewer than 3" in found["load.replicas_needed"].reason.en
    assert [row["fit"] for row in rows(level(1, 20), level(2, 36))] == [None, None]


def test_where_the_machine_has_no_core_left_the_service_is_not_blamed():
    found = facts(level(1, 20), level(2, 22, busy=7.6))
    assert found["load.scaling_efficiency"].value is None
    assert "95%" in found["load.scaling_efficiency"].reason.en
    assert facts(level(1, 20), level(2, 22, busy=4.0))["load.scaling_efficiency"].value == pytest.approx(0.55)


def test_what_two_levels_were_seen_to_hold_needs_no_forecast():
    assert facts(level(1, 80), level(2, 150))["load.replicas_needed"].value == 2
    # one that holds it is not enough: the one that takes over has to hold it too
    assert facts(level(1, 80), level(2, 50))["load.replicas_needed"].value is None


def test_three_levels_are_extended_to_four_times_the_highest_and_no_further():
    measured = (level(1, 20), level(2, 39), level(4, 75))
    forecast = rows(*measured)
    assert [row["replicas"] for row in forecast] == [1, 2, 4, 8, 16]
    assert all(row["low"] < row["fit"] < row["high"] for row in forecast)
    assert [row["sustained"] for row in forecast[3:]] == [None, None]
    assert 4 <= facts(*measured, asked=60)["load.replicas_needed"].value <= 12
    beyond = facts(*measured, asked=5_000)["load.replicas_needed"]
    assert beyond.value is None
    assert beyond.reason is not None


def test_a_flat_curve_is_not_reachable_by_adding_workers():
    flat = facts(level(1, 30), level(2, 30.5), level(4, 30.6), asked=500)["load.replicas_needed"]
    assert flat.value is None
    assert "adding workers" in flat.reason.en


def test_copies_with_more_workers_are_started_measured_and_stopped(serve, queue, site_that_holds, monkeypatch):
    budget = replace(BUDGETS["quick"], settle_s=0.5, warm_up_s=0.4, peak_s=1.5, step_s=1.5, confirm_s=1.5, drain_s=1)
    monkeypatch.setattr(scaling, "BUDGETS", {"standard": replace(budget, confirmations=1, resolution=1.5)})
    monkeypatch.setattr(scaling, "SECONDS_A_LEVEL", {"standard": 9.0})
    monkeypatch.setattr(scaling.os, "sched_getaffinity", lambda _: {0, 1})
    running: list[int] = []
    started: list[int] = []

    @contextmanager
    def start(workers: int):
        running.append(workers)
        started.append(workers)
        yield Copy(serve(queue(0.006 / workers)).url, ())
        running.remove(workers)

    site = site_that_holds("http://127.0.0.1:9", 90.0, profile="standard", start_copy=start, tables={"target": TARGET})
    found = collect_scaling(site)
    assert found.status is Status.COMPLETED, found.reason
    assert running == []
    assert started == [1, 2]
    assert [row[0] for row in found.tables[0].rows] == [1, 2]
    assert all(row[1] > 0 for row in found.tables[0].rows)


def test_a_copy_that_does_not_start_is_said(site_that_holds):
    def start(workers: int):
        raise CopyError(Text(en="no port", fr="pas de port"))

    site = site_that_holds("http://127.0.0.1:9", 30.0, profile="standard", start_copy=start, tables={"target": TARGET})
    found = collect_scaling(site)
    assert (found.status, found.reason.en) == (Status.DEGRADED, "no port")
    assert next(fact for fact in found.facts if fact.id == "load.scaling_gain").value is None


def test_a_service_of_one_size_is_said(site_that_holds):
    found = collect_scaling(site_that_holds("http://127.0.0.1:9", 30.0, profile="standard"))
    assert found.status is Status.SKIPPED
    assert "{workers}" in found.reason.en


def test_replicas_that_run_are_loaded_side_by_side_and_reported_as_one(serve, respond, site_that_holds, tmp_path):
    asked = {"one": 0, "two": 0}

    def replica(name: str):
        async def handler(_):
            asked[name] += 1
            return respond()

        return serve(handler).url

    what = played(site_that_holds("http://127.0.0.1:9", 30.0))
    order = Order(
        rates={"read": 40.0},
        warm_up_s=0.0,
        duration_s=1.5,
        drain_s=2.0,
        limits=Limits(sessions=1000, errors=1000, slow=1000, slow_s=1.0),
        sample_share=0.0,
        think_scale=1.0,
    )
    with spread([replica("one"), replica("two")], what, tmp_path / "replicas") as player:
        report = player.step(order, lambda: None)
    assert asked == {"one": 30, "two": 30}
    assert sum(step["requests"] for step in report["steps"]) == 60


def test_a_replica_elsewhere_is_loaded_only_where_that_is_allowed(site_that_holds):
    target = {"url": "http://127.0.0.1:9", "replicas": ["http://127.0.0.1:9", "http://192.0.2.7"]}
    found = collect_scaling(site_that_holds("http://127.0.0.1:9", 30.0, profile="standard", tables={"target": target}))
    assert found.status is Status.SKIPPED
    assert "not on this machine" in found.reason.en
