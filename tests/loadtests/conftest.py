"""Small real HTTP servers to load, each on a port of its own in a thread of its own."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from loadtests import campaign, load
from loadtests.budgets import Budget
from scorecard.evidence import Evidence, Fact, Provenance, Status, Unit, write
from scorecard.project import ProjectFile
from scorecard.site import Copy, Progress, Site


@dataclass(frozen=True)
class Request:
    """What a handler sees."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """What a handler answers."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Response]]


class Server:
    """An HTTP/1.1 server with kept-alive connections; ``stop`` refuses new ones and breaks those there are."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._connections: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.seen: list[Request] = []
        self._thread.start()
        assert self._listening.wait(10)

    @property
    def url(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self._port}"

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(10)

    def stop_soon(self) -> None:
        """To be called by a handler: the server dies."""
        self._stopping.set()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, backlog=4096, ssl=self._tls)
        self._port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await self._stopping.wait()
        server.close()
        for writer in list(self._connections):
            writer.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").split("\r\n")
                method, path, _ = first.split(" ")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                request = Request(method, path, headers, body)
                self.seen.append(request)
                answer = await self._handler(request)
                extra = "".join(f"{k}: {v}\r\n" for k, v in answer.headers.items())
                writer.write(
                    f"HTTP/1.1 {answer.status} X\r\nContent-Length: {len(answer.body)}\r\n{extra}\r\n".encode()
                    + answer.body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers; they are stopped with the last test of the module."""
    servers: list[Server] = []

    def start(handler: Handler, tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(handler, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def respond() -> type[Response]:
    """The answer of a handler."""
    return Response


@pytest.fixture
def queue(respond: type[Response]) -> Callable[..., Handler]:
    """A service of one counter and an unbounded queue: its rate is known without a processor.

    ``slower_by_waiting`` is by how much of itself the service time grows with each request that waits.
    """

    def made(service_s: float, slower_by_waiting: float = 0.0) -> Handler:
        free_at = 0.0

        async def handler(_: Request) -> Response:
            # the counter keeps its own time: a machine that wakes it late takes nothing from its rate
            nonlocal free_at
            now = asyncio.get_running_loop().time()
            waiting = max(0.0, free_at - now) / service_s
            free_at = max(free_at, now) + service_s * (1 + slower_by_waiting * waiting)
            await asyncio.sleep(free_at - now)
            return respond()

        return handler

    return made


@pytest.fixture
def site_that_holds(tmp_path: Path) -> Callable[..., Site]:
    """The site of a service whose load evidence says that it holds so many journeys of one request a second."""

    def made(url: str | None, rate: float, **more: Any) -> Site:
        document = {
            "project": {"name": "Aide", "users": 100_000},
            "target": {},
            "demand": {"peak_day_share": "100 %", "peak_to_mean": 20.0, "participation": "100 %"},
            "journeys": [{"name": "read", "steps": [{"get": "/"}]}],
            "objectives": {"p95": "600 ms", "error_rate": "1 %"},
        } | more.pop("tables", {})
        journeys = Unit.JOURNEYS_PER_SECOND
        low, high = more.pop("bracket", (rate, rate * 1.05))
        load = Evidence(
            name="load",
            collector="test",
            project="Aide",
            status=Status.COMPLETED,
            provenance=Provenance.since(datetime.now(UTC), tool="test", version="1"),
            facts=(
                Fact(id="load.sustained_journeys_per_s", value=rate, low=low, high=high, unit=journeys),
                Fact(id="load.requests_per_journey", value=1.0, unit=Unit.COUNT),
            ),
        )
        write(load, tmp_path / "evidence")
        return Site(project=ProjectFile.model_validate(document), root=tmp_path, run=tmp_path, url=url, **more)

    return made


@pytest.fixture
def leaking_service() -> Callable[[int], AbstractContextManager[Copy]]:
    """A service in a process of its own that keeps so many bytes for each request."""

    @contextmanager
    def started(kept: int) -> Iterator[Copy]:
        script = Path(__file__).with_name("leaking_server.py")
        process = subprocess.Popen([sys.executable, str(script), str(kept)], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            yield Copy(f"http://127.0.0.1:{int(process.stdout.readline())}", (process.pid,))
        finally:
            process.kill()
            process.communicate()

    return started


READ = {"name": "read", "steps": [{"get": "/"}, {"get": "/", "contains": "dossier"}]}
BRIEF = Budget(
    total_s=40,  # a machine that is busy elsewhere voids steps, which are tried again
    settle_s=0.3,
    warm_up_s=0.4,
    peak_s=1.0,
    step_s=1.0,
    confirm_s=1.0,
    drain_s=1.0,
    confirmations=1,
    resolution=1.5,
    caveat="",
    most=6,
)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> Budget:
    """A load of some seconds, at rates that leave any machine time: 40 requests are enough to judge by."""
    monkeypatch.setattr(load, "BUDGETS", {"quick": BRIEF})
    monkeypatch.setattr(campaign, "RECOVERY_S", 1.0)
    monkeypatch.setattr(campaign, "FEWEST_EXPECTED", 40)
    return BRIEF


@pytest.fixture
def site_of(tmp_path: Path) -> Callable[..., Site]:
    """The site of a service whose peak is 12 journeys a second of two requests each."""

    def made(url: str | None, progress: Progress = lambda *_: None, **tables: Any) -> Site:
        document = {
            "project": {"name": "Aide", "users": 50_000},
            "target": {},
            "demand": {"peak_day_share": "100 %", "peak_to_mean": 20.0},
            "journeys": [READ],
            "objectives": {"p95": "2 s", "error_rate": "1 %"},
        } | tables
        project = ProjectFile.model_validate(document)
        return Site(project=project, root=tmp_path, run=tmp_path, url=url, progress=progress)

    return made


@pytest.fixture
def limiter() -> Callable[[float], Callable[[], bool]]:
    """Makes a limiter: whether one more request is within ``rate`` a second, in slices of half a second."""

    def made(rate: float) -> Callable[[], bool]:
        seen: dict[int, int] = {}

        def within() -> bool:
            slice_ = int(time.monotonic() * 2)
            seen[slice_] = seen.get(slice_, 0) + 1
            return seen[slice_] <= rate / 2

        return within

    return made
