"""What several tests of the room need: a real PostgreSQL, a real service in its own process, a project to write to."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from reference_app import embedded
from scorecard import project
from scorecard.site import Site

HERE = Path(__file__).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """Connection string of a real PostgreSQL that lives as long as the tests, as root and as an ordinary user."""
    with embedded.running() as server:
        yield server.dsn()


class Service:
    """A service in its own process."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    def get(self, path: str, headers: dict[str, str] | None = None) -> int:
        return httpx.get(self.url + path, headers=headers, timeout=10, trust_env=False).status_code

    def stop(self) -> str:
        """Stop it as a cluster would, and return what it wrote to its output."""
        self.process.terminate()
        return self.process.communicate(timeout=15)[0]


@pytest.fixture
def serve() -> Callable[..., object]:
    """Starts a module of this folder under uvicorn, with the environment given."""
    return _serve


@contextmanager
def _serve(module: str = "traced_app", **environment: str) -> Iterator[Service]:
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "--app-dir", str(HERE), f"{module}:app", "--port", str(port)],
        env={**clean, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    service = Service(process, f"http://127.0.0.1:{port}")
    try:
        _wait_for(lambda: service.get("/livez"), httpx.TransportError, process)
        yield service
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _wait_for(attempt: Callable[[], object], error: type[Exception], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            attempt()
        except error:
            assert process.poll() is None, "the process ended before it answered"
            assert time.monotonic() < deadline, "the process did not answer in time"
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A project whose run has no sent traces yet."""
    content = b'[project]\nname = "Aides"\nusers = 1000\n[target]\nurl = "http://127.0.0.1:1"\n'
    return Site(project=project.parse(content), root=tmp_path, run=tmp_path / "run")


@pytest.fixture
def write_sent(site: Site) -> Callable[..., None]:
    """Writes what the load generator says it sent: trace ids, then fields for all of them."""

    def write(*traces: str, **fields: object) -> None:
        with (site.raw("load") / "sent-traces.jsonl").open("a", encoding="utf-8") as file:
            for trace in traces:
                entry = {"trace_id": trace, "name": "GET /", "persona": "citizen", "start": 0.0, "latency_s": 0.1}
                file.write(json.dumps({**entry, "ok": True, **fields}) + "\n")

    return write


class Collector:
    """Keeps every byte that is sent to it, by its path."""

    def __init__(self) -> None:
        self.sent: dict[str, list[bytes]] = {"/v1/traces": [], "/v1/metrics": []}
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.sent[self.path].append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def bodies(self) -> list[bytes]:
        return self.sent["/v1/traces"]

    @property
    def spans(self) -> list[Span]:
        messages = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [s for m in messages for r in m.resource_spans for scope in r.scope_spans for s in scope.spans]

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.spans]


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    yield collector
    collector.server.shutdown()
    thread.join()
    collector.server.server_close()


class Answer:
    """What a server of pages sends: a status, headers and a body, after a while."""

    def __init__(
        self, body: str = "", status: int = 200, kind: str = "text/html; charset=utf-8", **headers: str
    ) -> None:
        self.body, self.status = body.encode(), status
        self.headers = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}


class Pages:
    """A server of pages on a port of its own, that remembers who asked for what."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.closing = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pages.asked.append(self.path)
                path = self.path.partition("?")[0]
                if path == "/hangs":  # a request that nobody answers, until the test is over
                    pages.closing.wait(60)
                    return
                answer = pages.answers.get(path, Answer("x", kind="text/plain"))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the base class)
                del format, args

        return Handler


@pytest.fixture(scope="session")
def pages() -> Iterator[Pages]:
    """A server of the pages that tests ask for."""
    server = Pages()
    yield server
    server.close()


@pytest.fixture(scope="session")
def other() -> Iterator[Pages]:
    """Somebody else's server on this machine."""
    server = Pages()
    yield server
    server.close()


@pytest.fixture(scope="session")
def answer() -> type[Answer]:
    """What to put in ``pages.answers``."""
    return Answer
