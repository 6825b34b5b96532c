"""``up`` and ``serve`` as processes: ready, drained, clean, one clear line when something is in the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from reference_app import kept_secrets
from reference_app.listening import listen, port_of
from reference_app.settings import PREFIX

LIMIT_S = 60


@dataclass
class Running:
    process: subprocess.Popen[str]
    url: str
    pids: set[int]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.pids |= family(self.process.pid)
        self.process.send_signal(number)
        return self.process.wait(LIMIT_S)


def family(pid: int) -> set[int]:
    parent = psutil.Process(pid)
    return {pid, *(child.pid for child in parent.children(recursive=True))}


def alive(pids: set[int]) -> set[int]:
    _, left = psutil.wait_procs([psutil.Process(p) for p in pids if psutil.pid_exists(p)], timeout=15)
    return {process.pid for process in left if process.status() != psutil.STATUS_ZOMBIE}


@contextmanager
def up(*options: str, **environment: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "reference_app", "up", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environment)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.endswith(" is ready\n"), line
        yield Running(process, line.split()[0], family(process.pid))
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(LIMIT_S)
        process.stdout.close()


def refused(*arguments: str, **environment: str) -> str:
    """The one line on the error output of a command that must end with exit code 2."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PORTANCE_", "DATABASE_URL"))}
    done = subprocess.run(
        [sys.executable, "-m", "reference_app", *arguments],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env=clean | environment,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


@contextmanager
def sign_in(url: str, form_action: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, follow_redirects=True, timeout=30) as client:
        client.post(form_action(client.get("/sign-in/business")), data={"identity": "business-1"}).raise_for_status()
        yield client


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL reaches too when the tests run as root, and it as another user."""
    with TemporaryDirectory() as made:
        Path(made).chmod(0o733)
        yield Path(made)


@pytest.mark.wheel
def test_two_stacks_run_side_by_side_and_leave_nothing(folder, form_action, draft, key):
    with up("--workers", "2", TMPDIR=str(folder)) as one, up(TMPDIR=str(folder)) as two:
        for stack in (one, two):
            with sign_in(stack.url, form_action) as client:
                assert (
                    client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).status_code
                    == 201
                )
                assert len(client.get("/api/v1/dossiers").json()["items"]) == 1
        assert one.stop() == 0
        assert two.stop(signal.SIGINT) == 0
        assert alive(one.pids | two.pids) == set()
    assert list(folder.iterdir()) == []


def test_data_and_secrets_are_kept_when_a_folder_is_given(folder, form_action, draft, key):
    before: dict[str, str] = {}
    for expected in (1, 2):
        with up("--data", str(folder / "kept")) as stack, sign_in(stack.url, form_action) as client:
            client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).raise_for_status()
            assert len(client.get("/api/v1/dossiers").json()["items"]) == expected
            if before:  # who was signed in before the restart is still
                assert httpx.get(f"{stack.url}/api/v1/dossiers", cookies=before, timeout=30).status_code == 200
            before = dict(client.cookies)
            assert stack.stop() == 0
    secrets = sorted((folder / "kept-secrets").iterdir())
    assert [(path.name, path.stat().st_mode & 0o777) for path in secrets] == [
        ("session_secret", 0o600),
        ("webhook_key", 0o600),
    ]
    given = {f"{PREFIX}SESSION_SECRET": "of the environment"}
    assert kept_secrets.made(folder / "kept-secrets", given) == {
        f"{PREFIX}WEBHOOK_KEY": secrets[1].read_text(encoding="ascii")
    }
    assert kept_secrets.made(None, {}) != kept_secrets.made(None, {})


def test_a_worker_that_dies_is_replaced_and_nothing_survives_when_the_stack_is_killed(folder):
    with up(TMPDIR=str(folder)) as stack:
        (first,) = workers(stack)
        os.kill(first, signal.SIGKILL)
        while not workers(stack) - {first}:
            assert stack.process.poll() is None
            time.sleep(0.05)
        assert httpx.get(f"{stack.url}/readyz", timeout=30).status_code == 200
        assert len(family(stack.process.pid)) >= 4
        assert stack.stop(signal.SIGKILL) == -signal.SIGKILL
        assert alive(stack.pids) == set()
        assert len(list(folder.iterdir())) == 1
    with up(TMPDIR=str(folder)) as stack:
        assert len(list(folder.iterdir())) == 1, "the next start removes what the killed one left"
        assert stack.stop() == 0
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("sign", ["lock", "data/PG_VERSION", "s/.s.PGSQL.5432", "port", "ready"])
def test_a_start_that_is_stopped_on_the_way_leaves_nothing(folder, sign):
    command = [sys.executable, "-m", "reference_app", "up", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(folder)}
    ) as process:
        if sign == "ready":
            assert process.stdout is not None
            process.stdout.readline()
        else:
            while not list(folder.glob(f"*/{sign}")):
                assert process.poll() is None
                time.sleep(0.005)
        pids = family(process.pid)
        process.terminate()
        _, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert alive(pids) == set()
    assert list(folder.iterdir()) == []


def workers(stack: Running) -> set[int]:
    children = psutil.Process(stack.process.pid).children()
    return {p.pid for p in children if p.status() != psutil.STATUS_ZOMBIE and "serve" in p.cmdline()}


def test_a_filing_in_flight_is_answered_before_the_service_stops(database_url, form_action, draft, key):
    with up(DATABASE_URL=database_url) as stack, sign_in(stack.url, form_action) as client:
        dossier = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
        with psycopg.connect(database_url) as holder, ThreadPoolExecutor(2) as threads:
            holder.execute("SELECT 1 FROM dossier WHERE id = %s FOR UPDATE", [dossier])
            filing = threads.submit(client.post, f"/api/v1/dossiers/{dossier}/file", headers=key())
            waiting = "SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            while holder.execute(waiting).fetchone() is None:
                time.sleep(0.02)
            stopping = threads.submit(stack.stop)
            while True:
                try:
                    httpx.get(f"{stack.url}/livez", timeout=5)
                    time.sleep(0.02)
                except httpx.TransportError:
                    break
            holder.rollback()
            answer = filing.result()
            assert stopping.result() == 0
    assert answer.status_code == 200
    assert answer.json()["receipt"]["number"]
    assert alive(stack.pids) == set()


def test_a_port_in_use_is_said_in_one_line():
    with listen("127.0.0.1", 0) as taken:
        line = refused("up", "--port", str(port_of(taken)))
        assert f"port {port_of(taken)}" in line


def test_a_database_that_is_away_is_said_in_one_line():
    assert "database" in refused("up", "--port", "0", DATABASE_URL="postgresql://127.0.0.1:9/x")


def test_a_data_folder_that_cannot_be_is_said_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    assert "file" in refused("up", "--port", "0", "--data", str(tmp_path / "file" / "data"))


def test_a_missing_setting_is_named_without_its_value():
    line = refused("serve", "--port", "0", DATABASE_URL="mysql://user:secret@host/x")
    assert "DATABASE_URL" in line
    assert "secret" not in line


@pytest.mark.parametrize("command", ["migrate", "verify", "purge"])
def test_commands_without_a_database_say_so(command):
    assert "DATABASE_URL" in refused(command)
