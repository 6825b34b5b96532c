"""The load on real servers whose capacity is set by a clock of their own: what is found and said of it."""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from loadtests import campaign, load
from loadtests.load import collect_load
from loadtests.load_measured import FACTS
from scorecard.evidence import Evidence, Fact, Status

pytestmark = pytest.mark.usefixtures("brief")
_STEPS = ["read: GET /"]


def values(evidence: Evidence) -> dict[str, Any]:
    return {fact.id: fact.value for fact in evidence.facts}


def column(evidence: Evidence, name: str) -> list[Any]:
    (table,) = evidence.tables
    return [row[[column.name for column in table.columns].index(name)] for row in table.rows]


def test_a_server_of_known_capacity_is_found(serve: Any, respond: Any, site_of: Any, tmp_path: Any) -> None:
    # one counter that keeps its own time, 10 ms each: 100 requests a second whatever the machine is busy with
    free_at = 0.0

    async def handler(request: Any) -> Any:
        nonlocal free_at
        now = asyncio.get_running_loop().time()
        free_at = max(free_at, now) + 0.010
        await asyncio.sleep(free_at - now)
        return respond(200, b"dossier")

    evidence = collect_load(site_of(serve(handler).url, objectives={"p95": "500 ms", "error_rate": "1 %"}))
    facts = {fact.id: fact for fact in evidence.facts}
    assert set(facts) == set(FACTS)
    sustained = facts["load.sustained_rps"]
    assert isinstance(sustained.value, float), (evidence.reason, evidence.tables[0].rows)
    assert sustained.low is not None
    # windows of a second see a queue of half a second grow only at half as much again
    assert 40 < sustained.low <= sustained.value < 150
    assert facts["load.sustained_journeys_per_s"].value == pytest.approx(sustained.value / 2, rel=0.3)
    assert facts["load.users_held"].value == pytest.approx(
        facts["load.sustained_journeys_per_s"].value * 50_000 / (50_000 * 20 / 86_400)  # type: ignore[operator]
    )
    # what nobody looked at is not nil
    assert facts["load.lost_writes"].value is None
    assert facts["load.writes_share"].value == 0
    assert facts["load.rate_limited"].value == 0
    assert facts["load.requests_per_journey"].value == pytest.approx(2, rel=0.1)
    assert facts["load.objective_p95"].value == 0.5
    assert facts["load.slows_first"].value in _STEPS
    _knee_lies_below_what_is_sustained(facts)
    assert "held" in column(evidence, "outcome")
    assert (tmp_path / "raw/load/sent-traces.jsonl").stat().st_size > 0
    began, over = (list(map(datetime.fromisoformat, column(evidence, name))) for name in ("started", "ended"))
    assert all(one < other for one, other in zip(began, over, strict=True))
    assert all(
        one <= other for one, other in pairwise(moment for step in zip(began, over, strict=True) for moment in step)
    )


def _knee_lies_below_what_is_sustained(facts: dict[str, Fact]) -> None:
    knee = facts["load.knee_rps"]
    assert isinstance(knee.value, float), knee.reason
    assert knee.low is not None
    assert knee.high is not None
    assert knee.low <= knee.value <= knee.high
    assert "twice its floor" in knee.detail


@pytest.mark.parametrize(("warm_ups", "settled"), [(3, True), (1, False)], ids=["until it has settled", "the control"])
def test_a_service_that_gets_faster_is_measured_once_it_has_settled(
    warm_ups: int,
    settled: bool,
    serve: Any,
    respond: Any,
    site_of: Any,
    brief: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load, "BUDGETS", {"quick": replace(brief, settle_s=1.0, searches=False)})
    monkeypatch.setattr(campaign, "_SETTLINGS", warm_ups)
    asked = 0

    async def cold(request: Any) -> Any:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.8 * math.exp(-asked / 80))  # caches fill
        return respond(200, b"dossier")

    evidence = collect_load(site_of(serve(cold).url))
    peak = values(evidence)["load.peak_p95"]
    assert peak is not None
    assert (peak < 0.2) is settled


def test_lost_writes_are_counted(serve: Any, respond: Any, site_of: Any) -> None:
    kept: set[str] = set()

    async def handler(request: Any) -> Any:
        if request.method == "POST":
            number = json.loads(request.body)["siret"]
            if len(kept) < 40:  # and every later one is acknowledged and forgotten
                kept.add(number)
            return respond(201, json.dumps({"id": number}).encode())
        return respond(200 if request.path.strip("/") in kept else 404)

    write = {"post": "/", "json": {"siret": "{siret}"}, "expect": 201, "extract": {"id": "$.id"}}
    journeys = [{"name": "file", "steps": [write, {"get": "/{id}", "verify": True}]}]
    evidence = collect_load(site_of(serve(handler).url, journeys=journeys))
    assert values(evidence)["load.lost_writes"] > 0
    assert values(evidence)["load.writes_share"] == pytest.approx(0.5, abs=0.1)


def test_redirects_count_in_the_demand_as_in_what_is_sustained(
    serve: Any, respond: Any, site_of: Any, brief: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "BUDGETS", {"quick": replace(brief, most=1, peak_s=3.0)})

    async def handler(request: Any) -> Any:
        return respond(302, b"", {"Location": "/there"}) if request.path == "/" else respond(200, b"dossier")

    demand = {"peak_day_share": "100 %", "peak_to_mean": 100.0}
    found = values(collect_load(site_of(serve(handler).url, demand=demand)))
    assert found["load.requests_per_journey"] == pytest.approx(4, rel=0.1)
    assert found["load.demand_rps"] == pytest.approx(4 * 50_000 * 100 / 86_400, rel=0.1)


def test_the_smoke_profile_tries_the_set_up_and_searches_nothing(
    serve: Any, respond: Any, site_of: Any, brief: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "BUDGETS", {"quick": replace(brief, searches=False)})

    async def handler(request: Any) -> Any:
        return respond(200, b"dossier")

    evidence = collect_load(site_of(serve(handler).url))
    facts = {fact.id: fact for fact in evidence.facts}
    assert evidence.status is Status.DEGRADED
    assert facts["load.peak_error_rate"].value == 0
    for name in ("load.users_held", "load.sustained_rps", "load.headroom"):
        reason = facts[name].reason
        assert facts[name].value is None
        assert reason is not None
        assert "--profile quick" in reason.en
        assert "--profile quick" in reason.fr


@pytest.mark.parametrize(
    ("url", "tables", "words"),
    [
        (None, {}, "No service is running"),
        ("http://service.example.org", {}, "not on this machine"),
        ("http://127.0.0.1:9", {"journeys": []}, "no journey"),
    ],
)
def test_what_may_not_or_cannot_be_loaded_is_skipped(
    url: str | None, tables: dict[str, Any], words: str, site_of: Any
) -> None:
    evidence = collect_load(site_of(url, **tables))
    assert evidence.status is Status.SKIPPED
    assert evidence.reason is not None
    assert words in evidence.reason.en
    assert values(evidence) == dict.fromkeys(FACTS)
