import os
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest

from scorecard.cli.errors import CommandError
from scorecard.cli.service import Service, ServiceError, last_line, running
from scorecard.project import ProjectFile, parse

GOOD = """
import http.server, os, signal, subprocess, sys
port = int(sys.argv[1])
if "child" in sys.argv:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            os._exit(7)
        self.send_response(503 if "ill" in sys.argv else 200)
        self.end_headers()
    def log_message(self, *a):
        pass
print("listening", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "poc.py"
    path.write_text(GOOD, encoding="utf-8")
    return path


def project(command: str, timeout: str = "20 s") -> ProjectFile:
    return parse(
        f'[project]\nname="PoC"\nusers=1000\n[target]\nstart="""{command}"""\nstart_timeout="{timeout}"\n'.encode()
    )


def start(command: str, tmp_path: Path, timeout: str = "20 s") -> AbstractContextManager[Service]:
    return running(project(command, timeout), tmp_path, tmp_path / "service.log", extra_env={})


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_a_service_is_started_answers_and_is_stopped(script: Path, tmp_path: Path) -> None:
    with start(f"python {script} {{port}}", tmp_path) as service:
        pids = service.pids()
        assert pids
        assert service.started_in is not None
        assert service.died() is None
    assert all(gone(pid) for pid in pids)
    assert service.stopped_gracefully is True


def test_descendants_that_left_the_group_are_stopped_too(script: Path, tmp_path: Path) -> None:
    with start(f"python {script} {{port}} child", tmp_path) as service:
        pids = service.pids()
        assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_a_service_deaf_to_sigterm_is_killed_and_said_so(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scorecard.cli.service.GRACE_S", 0.5)
    with start(f"python {script} {{port}} deaf", tmp_path) as service:
        pids = service.pids()
    assert all(gone(pid) for pid in pids)
    assert service.stopped_gracefully is False


def test_it_is_stopped_when_the_block_fails(script: Path, tmp_path: Path) -> None:
    pids: tuple[int, ...] = ()

    def fail() -> None:
        nonlocal pids
        with start(f"python {script} {{port}}", tmp_path) as service:
            pids = service.pids()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert pids
    assert all(gone(pid) for pid in pids)


def test_a_command_that_fails_gives_its_last_line(tmp_path: Path) -> None:
    command = "python -c 'import sys; sys.exit(\"no database at {port}\")'"
    with pytest.raises(ServiceError, match="exit code 1: no database at"), start(command, tmp_path):
        pass


def test_a_command_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="no-such-program: No such file"), start("no-such-program {port}", tmp_path):
        pass


def test_a_service_that_never_gets_ready_is_said_with_what_it_answered(script: Path, tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="GET / gave 503"), start(f"python {script} {{port}} ill", tmp_path, "1 s"):
        pass


def test_a_service_that_dies_is_noticed(script: Path, tmp_path: Path) -> None:
    with start(f"python {script} {{port}}", tmp_path) as service:
        os.kill(service.pids()[0], signal.SIGKILL)
        assert service.process is not None
        service.process.wait(10)
        died = service.died()
        assert died is not None
        assert "exit code -9" in died.en


def test_a_dead_address_is_one_clear_line(tmp_path: Path) -> None:
    dead = parse(b'[project]\nname="PoC"\nusers=1\n[target]\nurl="http://127.0.0.1:9"\n')
    with (
        pytest.raises(ServiceError, match=r"nothing answers at http://127\.0\.0\.1:9/"),
        running(dead, tmp_path, tmp_path / "log", extra_env={}),
    ):
        pass


def test_a_project_without_a_way_to_its_service_says_which_keys_are_missing(tmp_path: Path) -> None:
    nothing = parse(b'[project]\nname="PoC"\nusers=1\n[target]\n')
    with pytest.raises(CommandError, match="neither url nor start"), running(nothing, tmp_path, tmp_path, extra_env={}):
        pass


def test_nothing_survives_when_the_program_is_killed(script: Path, tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from scorecard.cli.service import running\nfrom scorecard.project import parse\n"
        "start = sys.argv[1] + ' {port}'\n"
        "about = '[project]\\nname=\"PoC\"\\nusers=1\\n[target]\\nstart=\"' + start + '\"'\n"
        "project = parse(about.encode())\n"
        f"with running(project, Path({str(tmp_path)!r}), Path({str(tmp_path / 'log')!r}), extra_env={{}}) as service:\n"
        "    print(*service.pids(), flush=True); time.sleep(300)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, f"python {script}"], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
    assert pids
    assert all(gone(pid) for pid in pids)


def test_the_last_line_of_a_log_is_the_last_that_says_something(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("first\nsecond\n\n  \n", encoding="utf-8")
    assert last_line(log) == "second"
    assert last_line(tmp_path / "absent") == "(no output)"
