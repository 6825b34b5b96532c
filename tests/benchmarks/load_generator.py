"""How good is the load generator? Dispatch lag at many sessions a second, and requests per core against Locust's own.

Run it by hand: ``python tests/benchmarks/load_generator.py``. It starts a trivial server and two generators on this
machine, one after the other; both are measured in one run, so that their ratio means something on any machine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from loadtests.engine.orders import Limits, Order
from loadtests.generator import generator
from loadtests.histogram import quantiles
from scorecard.project import Journey

_STEPS = 10
_NO_LIMITS = Limits(sessions=10**6, errors=10**9, slow=10**9, slow_s=1.0)

_SERVER = """
import asyncio, uvloop
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nContent-Type: application/json\\r\\n\\r\\n{}"
class Trivial(asyncio.Protocol):
    def connection_made(self, transport): self.transport, self.rest = transport, b""
    def data_received(self, data):
        *requests, self.rest = (self.rest + data).split(b"\\r\\n\\r\\n")
        self.transport.write(ANSWER * len(requests))
async def main():
    server = await asyncio.get_running_loop().create_server(Trivial, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(600)
uvloop.run(main())
"""

# plain FastHttpUser in a closed loop, each session ten requests on a connection of its own, as the journeys have
_PLAIN = """
import sys, time
import gevent
from locust import FastHttpUser
from locust.env import Environment
class Plain(FastHttpUser):
    abstract = True
    host = sys.argv[1]
environment = Environment(host=sys.argv[1]); environment.create_local_runner()
seconds, steps = float(sys.argv[2]), int(sys.argv[3])
ends, done = time.perf_counter() + seconds, 0
def user():
    global done
    while time.perf_counter() < ends:
        session = Plain(environment)
        for _ in range(steps):
            session.client.get("/"); done += 1
        session.client.client.close()
cpu, wall = time.process_time(), time.perf_counter()
gevent.joinall([gevent.spawn(user) for _ in range(8)])
print(done / (time.process_time() - cpu), done / (time.perf_counter() - wall))
"""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=6.0)
    options.add_argument("--sessions", type=float, nargs="+", default=[500.0, 1000.0], help="sessions a second")
    asked = options.parse_args()
    with subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
            for rate in asked.sessions:
                _lag(url, rate, asked.seconds)
            _efficiency(url, asked.seconds)
        finally:
            server.kill()


def _lag(url: str, rate: float, seconds: float) -> None:
    report = _step(url, 1, rate, seconds)
    lag = quantiles([report["lag"]])
    assert lag is not None
    _print(
        f"{rate:.0f} sessions/s: dispatch lag p50 {lag.p50 * 1000:.1f} ms, p99 {lag.p99 * 1000:.1f} ms, {_cpu(report)}"
    )


def _efficiency(url: str, seconds: float) -> None:
    plain = _plain(url, seconds / 2)
    # near its limit, as the plain users are: an idle event loop costs more per request
    report = _step(url, _STEPS, 0.8 * plain / _STEPS, seconds)
    ours = report["counts"]["completed"] / report["window_s"] / report["cpu"]
    again = _plain(url, seconds / 2)
    _print(
        f"requests per second and core: journeys {ours:.0f}, plain FastHttpUser {plain:.0f} and {again:.0f}, ratio "
        f"{2 * ours / (plain + again):.2f} ({_STEPS} requests a session, {_cpu(report)})"
    )


def _plain(url: str, seconds: float) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _PLAIN, url, str(seconds), str(_STEPS)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return float(done.stdout.split()[0])


def _step(url: str, steps: int, rate: float, seconds: float) -> dict:  # type: ignore[type-arg]
    journey = Journey.model_validate({"name": "read", "steps": [{"get": "/"}] * steps})
    with (
        tempfile.TemporaryDirectory() as folder,
        generator(url, [journey], {"citizen": 1000, "agent": 1}, Path(folder), seed=time.time_ns()) as running,
    ):
        return running.step(Order({"read": rate}, 1.0, seconds, 2.0, _NO_LIMITS, 0.1, 1.0), lambda: None)


def _cpu(report: dict) -> str:  # type: ignore[type-arg]
    return f"{report['cpu']:.0%} of a core"


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
