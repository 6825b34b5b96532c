"""Programs that are run beside this one end with the block, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from scorecard import interruption, processes
from scorecard.interruption import Interrupted, held

LONG = [sys.executable, "-c", "import time; time.sleep(60)"]
LEAVES_A_CHILD = [
    sys.executable,
    "-c",
    "import subprocess, sys; null = subprocess.DEVNULL; "
    "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], stdout=null).pid)",
]


@pytest.fixture
def signals() -> Iterator[None]:
    """As in the command line: signals interrupt."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    interruption.on_signals()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def pids(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that are started, each followed by a signal before whoever starts it knows of it."""
    known: list[int] = []

    class FollowedByASignal(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            known.append(self.pid)
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(subprocess, "Popen", FollowedByASignal)
    return known


def ended(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        process.wait(10)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def test_an_interruption_during_the_start_leaves_no_process(signals: None, pids: list[int]) -> None:
    with pytest.raises(Interrupted), processes.started(LONG):
        pytest.fail("the block is not entered")
    (pid,) = pids
    assert ended(pid)


def test_an_interruption_is_raised_once_at_the_end_of_the_outermost_block(signals: None) -> None:
    seen = []

    def interrupted_inside() -> None:
        with held():
            with held():
                os.kill(os.getpid(), signal.SIGINT)
            seen.append("still in the outer block")

    with pytest.raises(Interrupted):
        interrupted_inside()
    assert seen
    with held():
        pass


def test_threads_hold_nothing_up(signals: None) -> None:
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with held():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        inside.wait(10)
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        leave.set()
        thread.join()


def test_what_a_program_left_behind_ends_with_it() -> None:
    done = processes.run(LEAVES_A_CHILD, timeout_s=30, stdout=subprocess.PIPE)
    assert done.returncode == 0
    assert ended(int(done.stdout))


def test_a_program_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        processes.run([*LONG, str(tmp_path)], timeout_s=0.2, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert not [one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in (one.info["cmdline"] or [])]


def test_a_program_that_is_not_there_is_an_oserror() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        processes.run(["no-such-program"], timeout_s=1)
