"""Several processes play one load: on this machine, and for a master that they join."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtests.engine.merging import WORKER_LOST
from loadtests.engine.orders import Limits, Order
from loadtests.generator import TRACES, GeneratorError, Means, generator
from loadtests.joining import AddressError, address_of
from scorecard.project_journeys import Journey

_NO_LIMITS = Limits(sessions=10**6, errors=10**9, slow=10**9, slow_s=5.0)
_PEOPLE = {"citizen": 5000, "agent": 10}
_READ = Journey.model_validate({"name": "read", "steps": [{"get": "/{email}"}]})


def order(rate: float, seconds: float = 2.0, limits: Limits = _NO_LIMITS, **more: Any) -> Order:
    return Order({"read": rate}, 0.0, seconds, 5.0, limits, 0.5, 1.0, **more)


@pytest.fixture(scope="module")
def target(serve: Callable[..., Any], respond: Any) -> Any:
    async def handler(request: Any) -> Any:
        return respond(500 if request.path.endswith("bad") else 200)

    return serve(handler)


def children_of(pid: int) -> list[int]:
    """The workers that the generator ``pid`` has started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


_BAD = Journey.model_validate({"name": "bad", "steps": [{"get": "/bad"}]})


def test_two_processes_play_every_arrival_once_and_stop_at_what_all_together_let_pass(
    target: Any, tmp_path: Path
) -> None:
    with generator(target.url, [_READ, _BAD], _PEOPLE, tmp_path, 3, Means(processes=2)) as running:
        assert running.smoke(_READ, 1.0)["steps"][0]["error"] is None
        before = len(target.seen)
        reports = [running.step(order(60.0, 1.0, pattern=pattern), lambda: None) for pattern in ("poisson", "constant")]
        people = [request.path for request in target.seen[before:]]
        few = Limits(sessions=10**6, errors=30, slow=10**9, slow_s=5.0)
        cut = running.step(Order({"bad": 12.0}, 0.0, 4.0, 5.0, few, 0.0, 1.0), lambda: None)
    for report in reports:
        (step,) = report["steps"]
        assert report["scheduled"] == step["requests"] == report["counts"]["sessions"] == 60
        assert not step["errors"]
        assert len(report["processes"]) == 2
        assert all(one["sessions"] > 10 for one in report["processes"])
    assert len(people) == len(set(people)) == 120  # nobody came twice
    listed = (tmp_path / TRACES).read_text(encoding="utf-8").splitlines()
    assert 25 < len(listed) < 95  # half of them are sampled, in whatever process
    assert cut["broken"] == "errors"
    assert all(one["sessions"] <= 30 for one in cut["processes"])  # neither alone had passed the limit


def test_a_process_that_is_lost_voids_the_step_and_the_others_go_on(target: Any, tmp_path: Path) -> None:
    with generator(target.url, [_READ], _PEOPLE, tmp_path, 3, Means(processes=2)) as running:
        victim = children_of(running.pid)[0]
        threading.Timer(1.0, os.kill, (victim, signal.SIGKILL)).start()
        report = running.step(order(30.0, 6.0), lambda: None)
        assert report["generator_errors"] == {WORKER_LOST: 1}
        after = running.step(order(30.0), lambda: None)
        assert after["generator_errors"] == {}
        assert (len(after["processes"]), after["counts"]["sessions"]) == (1, 60)


def test_a_process_that_would_be_too_busy_gets_company(target: Any, tmp_path: Path) -> None:
    means = Means(most=2, busy=0.005)
    with generator(target.url, [_READ], _PEOPLE, tmp_path, 3, means) as running:
        first = running.step(order(40.0), lambda: None)
        second = running.step(order(40.0), lambda: None)
        seen = {request.path for request in target.seen[-160:]}
    assert (len(first["processes"]), len(second["processes"])) == (1, 2)
    assert len(seen) == 160  # people go on where the single process left off


@pytest.fixture
def joining() -> Iterator[Callable[[int], subprocess.Popen[bytes]]]:
    """Start ``portance load-worker`` for the master at a port."""
    started: list[subprocess.Popen[bytes]] = []

    def start(port: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "scorecard.cli", "load-worker", "--processes", "2", "--master"]
        started.append(subprocess.Popen([*command, f"127.0.0.1:{port}"], start_new_session=True))
        return started[-1]

    yield start
    for one in started:
        workers = children_of(one.pid)
        one.send_signal(signal.SIGINT)
        one.wait(timeout=30)
        deadline = time.monotonic() + 20
        while any(Path(f"/proc/{worker}").exists() for worker in workers):
            assert time.monotonic() < deadline, "a worker outlived the command that started it"
            time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def test_workers_join_one_master_after_the_other_and_those_it_did_not_wait_for_stay_idle(
    target: Any, tmp_path: Path, joining: Callable[[int], subprocess.Popen[bytes]]
) -> None:
    port = free_port()
    joining(port)
    joining(port)
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        means = Means(listen=("127.0.0.1", port), workers=2, join_s=60.0)
        with generator(target.url, [_READ], _PEOPLE, folder, 3, means) as running:
            reports = [running.step(order(40.0), lambda: None) for _ in range(2)]
        assert [len(report["processes"]) for report in reports] == [2, 2]
        assert [report["counts"]["sessions"] for report in reports] == [80, 80]


def test_a_master_that_nobody_joins_says_so(target: Any, tmp_path: Path) -> None:
    means = Means(listen=("127.0.0.1", free_port()), workers=2, join_s=0.5)
    with (
        pytest.raises(GeneratorError, match="0 of 2 load workers joined"),
        generator(target.url, [_READ], _PEOPLE, tmp_path, 3, means),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "address"),
    [("10.0.0.1:5557", ("10.0.0.1", 5557)), ("[::1]:5557", ("::1", 5557)), ("here:1", ("here", 1))],
)
def test_an_address_is_a_host_and_a_port(text: str, address: tuple[str, int]) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize("text", ["", "here", "here:x", ":5557", "here:70000", "http://here:1", "me@here:1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        address_of(text)
