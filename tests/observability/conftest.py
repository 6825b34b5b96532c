"""What several tests of the room need: a real PostgreSQL, a real service in its own process, a project to write to."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from reference_app import embedded
from scorecard import project
from scorecard.project import Site

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
