"""The generator against real servers: a stall is seen, and no generator outlives what started it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from loadtests.engine.orders import Limits, Order
from loadtests.generator import GeneratorError, generator
from loadtests.histogram import quantiles
from scorecard.project_journeys import Journey

_READ = {"name": "read", "steps": [{"get": "/"}, {"get": "/", "contains": "dossier"}]}
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
        running._engine.hang_up()  # what a controller that was killed leaves behind
        ended = os.waitid(os.P_PID, running.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        assert ended is not None, "it goes on"
        assert (ended.si_code, ended.si_status) == (os.CLD_EXITED, 1)


class _GoneError(Exception):
    """The controller was killed."""


def _vanish() -> None:
    raise _GoneError
