"""httpbin, a service nobody here wrote, served by gunicorn from its own virtualenv (its greenlet is not Locust's)."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

VENV = Path(__file__).parents[2] / ".venv-httpbin"
MAKE_TARGET = "make .venv-httpbin/.run"


@pytest.fixture(scope="session")
def httpbin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running httpbin; its whole process group is gone afterwards."""
    gunicorn = VENV / "bin" / "gunicorn"
    if not gunicorn.exists():
        pytest.skip(f"no {VENV.name}: '{MAKE_TARGET}' makes it")
    folder = tmp_path_factory.mktemp("httpbin")
    listener = socket.create_server(("127.0.0.1", 0))  # handed over open, so that nobody takes the port in between
    with (folder / "log").open("wb") as log:
        # Without --no-control-socket gunicorn writes into the home folder of whoever runs the tests.
        process = subprocess.Popen(
            [gunicorn, "-b", f"fd://{listener.fileno()}", "--workers", "2", "--no-control-socket", "httpbin:app"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
            stdout=log,
            stderr=log,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.close()
        _wait(url, process, folder / "log")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    with httpx.Client(trust_env=False) as client:
        while True:
            try:
                client.get(url + "/get", timeout=5).raise_for_status()
                return
            except httpx.HTTPError:
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"httpbin did not start:\n{log.read_text()}")
                time.sleep(0.1)
