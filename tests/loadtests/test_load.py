"""The load on real servers of known behaviour: each false green has its server."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from loadtests import campaign, load
from loadtests.budgets import Budget
from loadtests.engine.orders import Limits, Order
from loadtests.generator import GeneratorError, generator
from loadtests.histogram import quantiles
from loadtests.load import collect_load
from loadtests.load_measured import FACTS
from scorecard.evidence import Evidence, Status
from scorecard.project import Journey, ProjectFile
from scorecard.site import Site

_BRIEF = Budget(
    total_s=8,
    settle_s=0.3,
    warm_up_s=0.4,
    peak_s=1.0,
    step_s=1.0,
    confirm_s=1.2,
    drain_s=1.0,
    confirmations=1,
    resolution=1.3,
    caveat="",
)
_READ = {"name": "read", "steps": [{"get": "/"}, {"get": "/", "contains": "dossier"}]}


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "BUDGETS", {"quick": _BRIEF})
    monkeypatch.setattr(campaign, "RECOVERY_S", 1.0)


_STEPS = [step.get("name", f"GET {step['get']}") for step in _READ["steps"]]


def site(url: str | None, folder: Path, **tables: Any) -> Site:
    document = {
        "project": {"name": "Aide", "users": 100_000},
        "target": {},
        "demand": {"peak_day_share": "100 %", "peak_to_mean": 20.0},  # 23 journeys a second
        "journeys": [_READ],
        "objectives": {"p95": "2 s", "error_rate": "1 %"},
    } | tables
    return Site(project=ProjectFile.model_validate(document), root=folder, run=folder, url=url)


def values(evidence: Evidence) -> dict[str, Any]:
    return {fact.id: fact.value for fact in evidence.facts}


def unknown_or_below(value: float | None, limit: float) -> bool:
    """On a busy machine every step may be void: unknown then, which is no capacity either."""
    return value is None or value < limit


def limiter(rate: float) -> Callable[[], bool]:
    """Whether one more request is within ``rate`` a second, in slices of a tenth."""
    seen: dict[int, int] = {}

    def within() -> bool:
        slice_ = int(time.monotonic() * 10)
        seen[slice_] = seen.get(slice_, 0) + 1
        return seen[slice_] <= rate / 10

    return within


def test_a_server_of_known_capacity_is_found(serve: Any, respond: Any, tmp_path: Path) -> None:
    # four at a time, 20 ms each: 200 requests a second at most
    turns = asyncio.Semaphore(4)

    async def handler(request: Any) -> Any:
        async with turns:
            await asyncio.sleep(0.020)
        return respond(200, b"dossier")

    evidence = collect_load(site(serve(handler).url, tmp_path))
    facts = {fact.id: fact for fact in evidence.facts}
    assert set(facts) == set(FACTS)
    sustained = facts["load.sustained_rps"]
    assert isinstance(sustained.value, float), (evidence.reason, evidence.tables[0].rows)
    # generous: the windows are a second long and the machine is shared
    assert 60 < sustained.value < 280
    assert sustained.low is not None
    assert sustained.low <= sustained.value
    assert facts["load.sustained_journeys_per_s"].value == pytest.approx(sustained.value / 2, rel=0.3)
    assert facts["load.users_held"].value == pytest.approx(
        facts["load.sustained_journeys_per_s"].value * 100_000 / (100_000 * 20 / 86_400)  # type: ignore[operator]
    )
    # what nobody looked at is not nil
    assert facts["load.lost_writes"].value is None
    assert facts["load.writes_share"].value == 0
    assert facts["load.rate_limited"].value == 0
    assert facts["load.requests_per_journey"].value == pytest.approx(2, rel=0.1)
    assert facts["load.objective_p95"].value == 2
    slow = facts["load.slows_first"]  # a busy machine may slow either step, and neither need slow at all
    assert slow.value in _STEPS or (slow.reason is not None and "slower than the objective" in slow.reason.en), slow
    (table,) = evidence.tables
    assert "held" in [row[[c.name for c in table.columns].index("outcome")] for row in table.rows]
    assert (tmp_path / "raw/load/sent-traces.jsonl").stat().st_size > 0


def test_an_answer_429_is_seen_said_and_no_capacity(serve: Any, respond: Any, tmp_path: Path) -> None:
    within = limiter(100)

    async def handler(request: Any) -> Any:
        return respond(200, b"dossier") if within() else respond(429)

    evidence = collect_load(site(serve(handler).url, tmp_path))
    found = values(evidence)
    assert found["load.rate_limited"] > 0
    assert unknown_or_below(found["load.sustained_rps"], 150), evidence.tables
    assert any("429" in str(cell) for row in evidence.tables[0].rows for cell in row)


def test_an_error_page_sent_as_200_under_load_is_no_capacity(serve: Any, respond: Any, tmp_path: Path) -> None:
    within = limiter(100)

    async def handler(request: Any) -> Any:
        return respond(200, b"dossier" if within() else b"Une erreur est survenue")

    evidence = collect_load(site(serve(handler).url, tmp_path))
    assert unknown_or_below(values(evidence)["load.sustained_rps"], 180), evidence.tables
    assert any("text not found" in str(cell) for row in evidence.tables[0].rows for cell in row)


def test_a_journey_that_fails_alone_is_named_and_nothing_is_known(serve: Any, respond: Any, tmp_path: Path) -> None:
    async def handler(request: Any) -> Any:
        return respond(500)  # at once: the fastest server there is

    evidence = collect_load(site(serve(handler).url, tmp_path))
    assert evidence.status is Status.ERROR
    assert evidence.reason is not None
    assert "Journey read" in evidence.reason.en
    assert "step 1 (GET /) answered 500" in evidence.reason.en
    assert set(values(evidence).values()) == {None}


def test_a_target_that_dies_in_the_middle_has_no_capacity(serve: Any, respond: Any, tmp_path: Path) -> None:
    served = 0

    async def handler(request: Any) -> Any:
        nonlocal served
        served += 1
        if served > 150:
            server.stop_soon()
        return respond(200, b"dossier")

    server = serve(handler)
    evidence = collect_load(site(server.url, tmp_path))
    assert evidence.status is Status.DEGRADED
    assert evidence.reason is not None
    assert "stopped answering" in evidence.reason.en
    found = values(evidence)
    assert found["load.sustained_rps"] is None
    assert found["load.users_held"] is None
    assert found["load.requests"] > 0
    assert evidence.tables[0].rows


def test_a_target_that_is_not_there_is_named(tmp_path: Path) -> None:
    evidence = collect_load(site("http://127.0.0.1:9", tmp_path))
    assert evidence.status is Status.ERROR
    assert evidence.reason is not None
    assert "connection refused" in evidence.reason.en


def test_lost_writes_are_counted(serve: Any, respond: Any, tmp_path: Path) -> None:
    kept: set[str] = set()

    async def handler(request: Any) -> Any:
        if request.method == "POST":
            number = json.loads(request.body)["siret"]
            if len(kept) < 60:  # and every later one is acknowledged and forgotten
                kept.add(number)
            return respond(201, json.dumps({"id": number}).encode())
        return respond(200 if request.path.strip("/") in kept else 404)

    write = {"post": "/", "json": {"siret": "{siret}"}, "expect": 201, "extract": {"id": "$.id"}}
    journeys = [{"name": "file", "steps": [write, {"get": "/{id}", "verify": True}]}]
    evidence = collect_load(site(serve(handler).url, tmp_path, journeys=journeys))
    assert values(evidence)["load.lost_writes"] > 0
    assert values(evidence)["load.writes_share"] == pytest.approx(0.5, abs=0.1)


def test_redirects_count_in_the_demand_as_in_what_is_sustained(serve: Any, respond: Any, tmp_path: Path) -> None:
    async def handler(request: Any) -> Any:
        return respond(302, b"", {"Location": "/there"}) if request.path == "/" else respond(200, b"dossier")

    evidence = collect_load(site(serve(handler).url, tmp_path))
    found = values(evidence)
    assert found["load.requests_per_journey"] == pytest.approx(4, rel=0.1)
    assert found["load.demand_rps"] == pytest.approx(4 * 100_000 * 20 / 86_400, rel=0.1)


def test_the_smoke_profile_tries_the_set_up_and_searches_nothing(
    serve: Any, respond: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "BUDGETS", {"quick": replace(_BRIEF, searches=False)})

    async def handler(request: Any) -> Any:
        return respond(200, b"dossier")

    evidence = collect_load(site(serve(handler).url, tmp_path))
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
    url: str | None, tables: dict[str, Any], words: str, tmp_path: Path
) -> None:
    evidence = collect_load(site(url, tmp_path, **tables))
    assert evidence.status is Status.SKIPPED
    assert evidence.reason is not None
    assert words in evidence.reason.en
    assert values(evidence) == dict.fromkeys(FACTS)


_STALL_S, _EVERY_S = 0.5, 1.6


def test_open_arrivals_see_a_stall_that_a_closed_loop_does_not(serve: Any, respond: Any, tmp_path: Path) -> None:
    async def handler(request: Any) -> Any:
        phase = time.monotonic() % _EVERY_S
        if phase < _STALL_S:
            await asyncio.sleep(_STALL_S - phase)
        return respond(200, b"dossier")

    server = serve(handler)
    closed = closed_loop(server.url, users=2, seconds=_EVERY_S)
    order = Order(
        rates={"read": 40.0},
        warm_up_s=0.0,
        duration_s=2 * _EVERY_S,
        drain_s=2.0,
        limits=Limits(sessions=1000, errors=1000, slow=1000, slow_s=1.0),
        sample_share=0.1,
        think_scale=1.0,
    )
    journey = Journey.model_validate({"name": "read", "steps": [{"get": "/"}]})
    with generator(server.url, [journey], {"citizen": 10, "agent": 1}, tmp_path, seed=1) as running:
        report = running.step(order, lambda: None)
    opened = quantiles(step["latency"] for step in report["steps"])
    assert opened is not None
    # three arrivals in ten meet the stall and wait for what is left of it: p95 is five sixths of 0.5 s
    assert opened.p95 > 0.25
    assert np.percentile(closed, 95) < 0.1


def closed_loop(url: str, users: int, seconds: float) -> list[float]:
    """Latencies of ``users`` who ask again as soon as they are answered: the control of open arrivals."""
    ends = time.monotonic() + seconds
    latencies: list[float] = []

    def user() -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
        while time.monotonic() < ends:
            start = time.monotonic()
            connection.request("GET", "/")
            connection.getresponse().read()
            latencies.append(time.monotonic() - start)
        connection.close()

    threads = [threading.Thread(target=user) for _ in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies


def test_a_generator_that_dies_is_an_error_with_its_last_words(serve: Any, respond: Any, tmp_path: Path) -> None:
    async def handler(request: Any) -> Any:
        return respond(200, b"dossier")

    journey = Journey.model_validate(_READ)
    with generator(serve(handler).url, [journey], {"citizen": 10, "agent": 1}, tmp_path, seed=1) as running:
        running.smoke(journey, 1.0)
        with pytest.raises(GeneratorError, match="KeyError: 'absent'"):
            running.smoke(journey.model_copy(update={"name": "absent"}), 1.0)


def test_a_generator_is_gone_however_its_block_ends(serve: Any, respond: Any, tmp_path: Path) -> None:
    async def handler(request: Any) -> Any:
        return respond(200, b"dossier")

    journey, pid = Journey.model_validate(_READ), 0
    with (
        contextlib.suppress(KeyboardInterrupt),
        generator(serve(handler).url, [journey], {"citizen": 10, "agent": 1}, tmp_path, seed=1) as running,
    ):
        pid = running.pid
        assert Path(f"/proc/{pid}").exists()
        raise KeyboardInterrupt
    assert pid
    assert not Path(f"/proc/{pid}").exists()


def test_a_generator_stops_loading_when_its_controller_is_gone(serve: Any, respond: Any, tmp_path: Path) -> None:
    async def handler(request: Any) -> Any:
        return respond(200, b"dossier")

    journey = Journey.model_validate(_READ)
    order = Order({"read": 10.0}, 0.0, 60.0, 1.0, Limits(100, 100, 100, 1.0), 0.1, 1.0)
    with generator(serve(handler).url, [journey], {"citizen": 10, "agent": 1}, tmp_path, seed=1) as running:
        with pytest.raises(_GoneError):
            running.step(order, _vanish)
        running._channel.close()  # what a controller that was killed leaves behind
        assert running._process.wait(timeout=20) == 1


class _GoneError(Exception):
    """The controller was killed."""


def _vanish() -> None:
    raise _GoneError
