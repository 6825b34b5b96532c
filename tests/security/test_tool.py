"""Tools as subprocesses: bounded in time and output, and nothing of them is left behind."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from security import tool
from security.tool import Tool, ToolError

PYTHON = Tool("python", (sys.executable, "-c"))
FOREVER = (
    "import subprocess, sys, time\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(path: Path) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if path.exists() and path.read_text().strip():
            return int(path.read_text())
        time.sleep(0.02)
    raise AssertionError(f"{path.name} was not written")


def assert_ends(pid: int) -> None:
    deadline = time.monotonic() + 30
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pid)


def test_both_outputs_and_the_exit_code_come_back():
    done = tool.run(
        PYTHON, ("import sys; print('out'); print('first\\nlast', file=sys.stderr); sys.exit(4)",), timeout_s=60
    )
    assert (done.exit_code, done.stdout.strip(), done.last_words) == (4, b"out", "last")


def test_a_tool_that_takes_too_long_is_killed_with_its_children(tmp_path):
    script = FOREVER + f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\ntime.sleep(60)"
    for timeout_s in (1.0, 5.0, 25.0):  # a busy machine may need longer to start the child
        with pytest.raises(ToolError, match="had not finished"):
            tool.run(PYTHON, (script,), timeout_s=timeout_s)
        if (tmp_path / "pid").exists():
            break
    assert_ends(wait_for(tmp_path / "pid"))


def test_a_child_that_outlives_its_tool_is_killed_and_holds_nobody_up(tmp_path):
    script = FOREVER + "print(child.pid)"
    done = tool.run(PYTHON, (script,), timeout_s=60)
    assert done.exit_code == 0
    assert_ends(int(done.stdout))


def test_an_interruption_kills_the_tool(tmp_path):
    def interrupt() -> None:
        if (tmp_path / "pid").exists():
            raise KeyboardInterrupt

    script = f"import os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"
    with pytest.raises(KeyboardInterrupt):
        tool.run(PYTHON, (script,), timeout_s=60, tick=interrupt)
    assert_ends(wait_for(tmp_path / "pid"))


def test_endless_output_is_cut_off_in_bounded_memory():
    script = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
    with pytest.raises(ToolError, match="wrote more than"):
        tool.run(PYTHON, (script,), timeout_s=60, output_limit=1_000_000)


def test_an_absent_tool_says_so_in_both_languages():
    with pytest.raises(ToolError) as raised:
        tool.run(Tool("scanner", ("/nowhere/scanner",)), timeout_s=1)
    assert "is it installed?" in raised.value.text.en
    assert "est-il installé" in raised.value.text.fr


def test_an_absent_package_says_so():
    with pytest.raises(ToolError, match="is it installed"):
        tool.version(tool.module("no-such-scanner", "no_such_scanner"))


def test_a_tool_without_a_version_does_not_run():
    with pytest.raises(ToolError, match="does not tell its version"):
        tool.version(Tool("mute", (sys.executable, "-c", "pass")))


def test_last_words_are_redacted():
    done = tool.run(PYTHON, ("import sys; sys.exit('cannot reach https://bob:hunter-secret@host/')",), timeout_s=60)
    assert "hunter" not in done.last_words


def test_the_shown_command_has_no_folder_of_this_machine():
    shown = " ".join(Tool("scanner", (sys.executable, "/some/where/scanner", "--flag")).shown)
    assert shown == "python scanner --flag"
    assert os.sep not in shown


@pytest.fixture
def program() -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "some-scanner"
        path.write_text("#!/bin/sh\necho 1.2.3\n")
        path.chmod(0o755)
        return path

    return make


def test_a_scanner_is_found_in_the_order_promised(program, tmp_path, monkeypatch):
    places = [program(tmp_path / name) for name in ("named", ".venv-scanners/bin", "beside", "path")]
    monkeypatch.setenv("PORTANCE_SCANNERS", str(places[0].parent))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setattr(sys, "executable", str(places[2].parent / "python"))
    monkeypatch.setenv("PATH", str(places[3].parent))
    for place in places:
        found = tool.scanner("some-scanner")
        assert found.command == (str(place),)
        assert found.shown == ("some-scanner",)
        place.unlink()
    with pytest.raises(ToolError) as raised:
        tool.scanner("some-scanner", package="some-package")
    assert "install the Python package some-package" in raised.value.text.en
    assert "installer le paquet Python some-package" in raised.value.text.fr


def test_what_is_no_program_is_not_a_scanner(program, tmp_path, monkeypatch):
    program(tmp_path / "named").chmod(0o644)
    monkeypatch.setenv("PORTANCE_SCANNERS", str(tmp_path / "named"))
    with pytest.raises(ToolError, match="not installed"):
        tool.scanner("some-scanner")


def test_variables_are_added_to_those_of_this_process(monkeypatch):
    monkeypatch.setenv("KEPT", "kept")
    script = "import os; print(os.environ['KEPT'], os.environ['GIVEN'])"
    assert tool.run(PYTHON, (script,), timeout_s=60, env={"GIVEN": "given"}).stdout == b"kept given\n"
