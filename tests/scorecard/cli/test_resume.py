"""A run that was killed goes on where it was; one that cannot says why."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest


def portance(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scorecard.cli", *arguments, "--lang", "en"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def steps(run: Path) -> int:
    log = run / "raw" / "load" / "steps.jsonl"
    return log.read_text(encoding="utf-8").count('"report"') if log.exists() else 0


def test_a_run_that_was_killed_under_load_is_resumed(poc: Path) -> None:
    run = poc / "runs" / "latest"
    with subprocess.Popen(
        [sys.executable, "-m", "scorecard.cli", "run", "--only", "http,load", "--profile", "smoke"],
        cwd=poc,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        deadline = time.monotonic() + 120
        while not (run / "raw" / "load" / "steps.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        family = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(signal.SIGKILL)
    psutil.wait_procs(family, timeout=30)
    http = run / "evidence" / "http.json"
    before = http.read_bytes()
    assert json.loads((run / "run.json").read_text(encoding="utf-8"))["state"] == "running"
    assert not (run / "evidence" / "load.json").exists()

    resumed = portance(poc, "run", "--resume", "runs/latest")
    assert "Traceback" not in resumed.stderr
    assert json.loads((run / "run.json").read_text(encoding="utf-8"))["state"] == "completed"
    assert http.read_bytes() == before  # it was not asked again
    load: dict[str, Any] = json.loads((run / "evidence" / "load.json").read_text(encoding="utf-8"))
    assert load["tables"][0]["rows"]
    assert steps(run) == len(load["tables"][0]["rows"])
    assert (run / "scorecard.json").exists()
    assert len(list((poc / "runs").glob("2*"))) == 1

    again = portance(poc, "run", "--resume", "runs/latest")
    assert again.returncode == 2
    assert "went to its end" in again.stderr


@pytest.mark.parametrize(
    ("state", "changed", "words"),
    [
        ("interrupted", True, "not what it was when the run began"),
        (None, False, "does not say what was asked of it"),
    ],
)
def test_what_cannot_be_resumed_is_refused(
    state: str | None, changed: bool, words: str, poc: Path, inside: Any
) -> None:
    run = poc / "runs" / "cut"
    run.mkdir(parents=True)
    project = (poc / "portance.toml").read_bytes()
    (run / "portance.toml").write_bytes(project + (b"# changed\n" if changed else b""))
    if state is not None:
        (run / "run.json").write_text(json.dumps({"state": state}), encoding="utf-8")
        (run / "asked.json").write_text('{"schema": "portance/asked/1", "profile": "smoke"}', encoding="utf-8")
    said = inside("run", "--resume", "runs/cut")
    assert said.returncode == 2
    assert words in said.stderr
    assert not (run / "evidence").exists()
