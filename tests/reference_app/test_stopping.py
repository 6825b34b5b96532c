"""A stop at the worst moment: while a process is being started, or where nothing may be raised."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reference_app import stopping
from reference_app.stopping import StopRequested


def stop_me() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_stop_is_raised_at_once_and_only_once():
    with stopping.on_signals():
        with pytest.raises(StopRequested):
            stop_me()
        stop_me()  # cleaning up is not disturbed
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_what_is_made_while_a_stop_is_held_is_known_before_it_is_raised():
    made = []

    def stopped_inside():
        with stopping.held():
            with stopping.held():
                stop_me()
            made.append("after the inner block, before the outer one ended")

    with stopping.on_signals(), pytest.raises(StopRequested):
        stopped_inside()
    assert made


def test_a_stop_that_something_swallowed_is_raised_by_whoever_waits():
    with stopping.on_signals():
        stopping.check()
        with pytest.raises(StopRequested):
            stop_me()  # swallowed here
        with pytest.raises(StopRequested):
            stopping.check()
    with stopping.on_signals():
        stopping.check()  # another run begins anew


def test_what_fails_because_of_a_stop_is_a_stop_and_other_failures_stay_what_they_are():
    def cut_short():
        try:
            stop_me()
        finally:
            raise ValueError("cannot roll back")

    with pytest.raises(StopRequested), stopping.on_signals():
        cut_short()
    with pytest.raises(ValueError, match="nobody asked"), stopping.on_signals():
        raise ValueError("nobody asked")


AT_THE_FORK = """
import json, os, signal, socket, subprocess, sys
from reference_app import children, stopping, workers

left = int(sys.argv[1])


def stop_at_the_fork():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGTERM)


os.register_at_fork(after_in_parent=stop_at_the_fork)
waits = "import os, time; os.write({0}, b'.'); time.sleep(60)"
pids = []


def start():
    ready, announce = os.pipe()
    child = children.Child("a child", subprocess.Popen(
        [sys.executable, "-c", waits.format(announce)], pass_fds=[announce],
        start_new_session=True, preexec_fn=children.die_with_parent(signal.SIGKILL)), ready)
    os.close(announce)
    pids.append(child.process.pid)
    return child


workers._start = lambda taken, environment: start()
try:
    with stopping.on_signals():
        workers.supervise(socket.socket(), 2, {}, on_ready=lambda: None, check=lambda: None, beside=[start])
except stopping.StopRequested:
    print(json.dumps([pid for pid in pids if os.path.exists(f"/proc/{pid}")]))
"""


@pytest.mark.parametrize("fork", [1, 2, 3])
def test_a_stop_while_python_starts_a_process_is_neither_lost_nor_loses_the_process(fork, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(AT_THE_FORK, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(fork)],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == []
