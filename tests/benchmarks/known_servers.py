"""The whole load collector against real HTTP servers whose capacity is known, since they keep a clock of their own.

Run it by hand: ``python tests/benchmarks/known_servers.py [NAME…]``, about 95 s a server with the profile quick. Each
server answers when a queueing discipline says that it would (queues.py gives the capacity of the same one), so that its
capacity is neither that of a processor nor of its neighbours. It exits with 1 when a value is off by more than 10 % (of
profile quick) or a low end is above the truth by more than 2 %.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from queues import System, nested, paused, plain, simulated_capacity

from loadtests.load import collect_load
from scorecard.evidence import Evidence
from scorecard.project import ProjectFile, RunProfile
from scorecard.site import Site

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"
_OFF, _LOW = 0.10, 0.02

Finish = Callable[[float], float]
"""When the request that comes now will be answered."""


@dataclass(frozen=True)
class Known:
    """A real server, and the simulated system that it is."""

    finish: Callable[[Random], Finish]
    system: System


def _queue(servers: int, service: Callable[[Random], float]) -> Callable[[Random], Finish]:
    def made(random: Random) -> Finish:
        free = [0.0] * servers

        def finish(now: float) -> float:
            done = max(now, free[0]) + service(random)
            heapq.heapreplace(free, done)
            return done

        return finish

    return made


def _workers(workers: int, pool: int, inside: float, outside: float) -> Callable[[Random], Finish]:
    def made(random: Random) -> Finish:
        free, connections = [0.0] * workers, [0.0] * pool

        def finish(now: float) -> float:
            got = max(now, free[0], connections[0]) + random.expovariate(1 / inside)
            heapq.heapreplace(connections, got)
            done = got + random.expovariate(1 / outside)
            heapq.heapreplace(free, done)
            return done

        return finish

    return made


def _pausing(servers: int, mean: float, every: float, length: float) -> Callable[[Random], Finish]:
    """Stops for ``length`` seconds after about ``every`` seconds of work, and all work is late by that."""

    def made(random: Random) -> Finish:
        free = [0.0] * servers
        pauses: list[float] = []  # in working time
        begun = 0.0

        def finish(now: float) -> float:
            nonlocal begun
            begun = begun or now
            while not pauses or pauses[-1] < now - begun + 60:
                pauses.append((pauses[-1] if pauses else 0.0) + random.expovariate(1 / every))
            working = now - begun
            for number, pause in enumerate(pauses):
                if pause + number * length > now - begun:
                    break
                working = max(pause, now - begun - (number + 1) * length)
            done = max(working, free[0]) + random.expovariate(1 / mean)
            heapq.heapreplace(free, done)
            return begun + done + length * sum(pause < done for pause in pauses)

        return finish

    return made


def _known() -> dict[str, Known]:
    def system(kind: str, ceiling: float, objective: float, serve: Callable) -> System:  # type: ignore[type-arg]
        return System(kind, "", ceiling, objective, serve)

    return {
        "M/M/4": Known(
            _queue(4, lambda r: r.expovariate(1 / 0.05)),
            system("M/M/c", 80, 0.4, plain(4, lambda n, g: g.exponential(0.05, n))),
        ),
        "M/D/1": Known(
            _queue(1, lambda r: 0.01), system("M/D/c", 100, 0.4, plain(1, lambda n, g: g.uniform(0.01, 0.01, n)))
        ),
        "log-normal": Known(
            _queue(8, lambda r: r.lognormvariate(-0.3466, 0.8326) * 0.08),
            system("log-normal", 100, 0.6, plain(8, lambda n, g: 0.08 * g.lognormal(-0.3466, 0.8326, n))),
        ),
        "lock": Known(_workers(8, 1, 0.01, 0.02), system("lock", 100, 0.4, nested(8, 1, 0.01, 0.02))),
        "pool": Known(_workers(16, 4, 0.04, 0.04), system("pool", 100, 0.5, nested(16, 4, 0.04, 0.04))),
        "pauses": Known(_pausing(4, 0.04, 3.0, 0.06), system("pauses", 98, 0.4, paused(4, 0.04, 3.0, 0.06))),
    }


class Server:
    """An HTTP server that answers each request when ``finish`` says, in a thread of its own."""

    def __init__(self, finish: Finish) -> None:
        self._finish = finish
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        self._ready.wait()

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=4096)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._end.wait()
        server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                now = self._loop.time()
                await asyncio.sleep(self._finish(now) - now)
                writer.write(_ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def stop(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)


def measure(known: Known, profile: RunProfile, seed: int) -> Evidence:
    """The load evidence of a run of ``profile`` on the server."""
    document = {
        "project": {"name": "Known", "users": 100_000},
        "target": {},
        "demand": {"participation": "100 %", "peak_day_share": "10 %", "peak_to_mean": 100.0},
        "journeys": [{"name": "read", "steps": [{"get": "/", "think": "0 s"}]}],
        "objectives": {"p95": f"{known.system.objective_s * 1000:.0f} ms", "error_rate": "0.1 %"},
    }
    server = Server(known.finish(Random(seed)))
    try:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            project = ProjectFile.model_validate(document)
            return collect_load(Site(project=project, root=root, run=root, url=server.url, profile=profile))
    finally:
        server.stop()


def line(name: str, known: Known, evidence: Evidence) -> tuple[str, bool]:
    """A row of the table, and whether the bounds are met."""
    truth = simulated_capacity(known.system)
    fact = next(one for one in evidence.facts if one.id == "load.sustained_journeys_per_s")
    if not isinstance(fact.value, float) or fact.low is None:
        return f"{name:<12}{truth:>8.1f}  unknown: {fact.reason and fact.reason.en}", False
    met = abs(fact.value / truth - 1) <= _OFF and fact.low / truth <= 1 + _LOW
    high = f"{fact.high / truth - 1:+.1%}" if fact.high is not None else "-"
    row = (
        f"{name:<12}{truth:>8.1f}/s{fact.value:>8.1f}/s{fact.value / truth - 1:>+8.1%}  low {fact.low / truth - 1:+.1%}"
        f"  high {high}  {len(evidence.tables[0].rows)} steps  {'met' if met else 'NOT MET'}"
    )
    return row, met


def main() -> int:
    """Measure and print."""
    known = _known()
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*", default=list(known), help=f"of {', '.join(known)}")
    options.add_argument("--profile", default="quick", choices=["quick", "standard", "full"])
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    failed = False
    for name in asked.names:
        row, met = line(name, known[name], measure(known[name], asked.profile, asked.seed))
        print(row, flush=True)  # noqa: T201
        failed |= not met
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
