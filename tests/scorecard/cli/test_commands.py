from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

Portance = Callable[..., subprocess.CompletedProcess[str]]

STATIC = "code,dependencies,secrets,manifests"


def complaint(result: subprocess.CompletedProcess[str]) -> str:
    """The one line a user gets when something is wrong; fails when there is a traceback or more than one such line."""
    assert "Traceback" not in result.stderr + result.stdout
    lines = [line for line in result.stderr.splitlines() if line.startswith("portance: ")]
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.mark.wheel
def test_a_run_without_load_is_undetermined_and_leaves_everything_a_reader_needs(poc: Path, portance: Portance) -> None:
    result = portance("run", "--only", STATIC, cwd=poc)
    assert result.returncode == 2
    run = poc / "runs" / "latest"
    card = json.loads((run / "scorecard.json").read_text(encoding="utf-8"))
    assert card["decision"] == "undetermined"
    assert card["capacity"]["users"] is None
    assert {"portance.toml", "run.json", "scorecard.html", "scorecard.md", "junit.xml"} <= {
        f.name for f in run.iterdir()
    }
    assert "portance: " not in result.stderr
    assert str(run.resolve().name) in result.stdout.replace("\n", "")


@pytest.mark.wheel
def test_grading_again_on_the_same_day_is_the_same_to_the_byte(poc: Path, portance: Portance) -> None:
    portance("run", "--only", STATIC, cwd=poc)
    run = poc / "runs" / "latest"
    card = (run / "scorecard.json").read_bytes()
    page = (run / "scorecard.html").read_bytes()
    day = json.loads(card)["graded_on"]
    assert portance("grade", "--on", day, cwd=poc).returncode == 2
    assert (run / "scorecard.json").read_bytes() == card
    assert (run / "scorecard.html").read_bytes() == page


def test_the_gate_the_file_and_the_exit_code_agree(poc: Path, portance: Portance) -> None:
    result = portance("run", "--only", STATIC, "--json", cwd=poc)
    printed = json.loads(result.stdout)
    gate = portance("gate", "--json", cwd=poc)
    said = json.loads(gate.stdout)
    assert (said["decision"], said["exit_code"]) == (printed["decision"], gate.returncode)
    assert said["grade"] == {"low": printed["grade"]["low"], "high": printed["grade"]["high"]}
    assert gate.returncode == result.returncode
    log = portance("gate", cwd=poc).stdout.splitlines()
    assert 1 <= len(log) <= 10


def test_old_evidence_no_longer_counts(poc: Path, portance: Portance) -> None:
    portance("run", "--only", STATIC, cwd=poc)
    fresh = json.loads(portance("grade", "--json", cwd=poc).stdout)
    stale = json.loads(portance("grade", "--on", "2036-01-01", "--json", cwd=poc).stdout)

    def passed(card: dict[str, list[dict[str, str]]]) -> int:
        return sum(c["verdict"] == "pass" for c in card["criteria"])

    assert passed(fresh) > 0
    assert passed(stale) == 0


@pytest.mark.wheel
def test_the_command_speaks_french(poc: Path, portance: Portance) -> None:
    result = portance("run", "--only", STATIC, "--lang", "fr", cwd=poc)
    assert "Code source" in result.stderr
    page = (poc / "runs" / "latest" / "scorecard.html").read_text(encoding="utf-8")
    assert 'lang="fr"' in page
    assert "Noter" in portance("--help", cwd=poc, LANG="fr_FR.UTF-8").stdout


def test_an_empty_run_is_undetermined(poc: Path, portance: Portance) -> None:
    portance("run", "--only", STATIC, cwd=poc)
    for file in (poc / "runs" / "latest" / "evidence").iterdir():
        file.unlink()
    result = portance("grade", "--json", cwd=poc)
    card = json.loads(result.stdout)
    assert result.returncode == 2
    assert card["decision"] == "undetermined"
    assert {c["verdict"] for c in card["criteria"]} <= {"unknown", "not_applicable"}


@pytest.mark.parametrize("victim", ["portance.toml", "evidence/code.json", "run.json"])
def test_a_run_folder_cut_short_is_said_and_judged_no_better(poc: Path, portance: Portance, victim: str) -> None:
    portance("run", "--only", STATIC, cwd=poc)
    path = poc / "runs" / "latest" / victim
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    result = portance("grade", "--json", cwd=poc)
    assert result.returncode == 2
    if victim == "portance.toml":
        assert "portance.toml" in complaint(result)
    else:
        card = json.loads(result.stdout)
        assert card["decision"] == "undetermined"
        assert any("code.json" in p or "end" in p for p in card["problems"])


def test_evidence_of_another_project_is_no_evidence(poc: Path, portance: Portance) -> None:
    portance("run", "--only", STATIC, cwd=poc)
    path = poc / "runs" / "latest" / "portance.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("Masques", "Autre"), encoding="utf-8")
    card = json.loads(portance("grade", "--json", cwd=poc).stdout)
    assert {c["verdict"] for c in card["criteria"]} <= {"unknown", "not_applicable"}


def test_a_dead_target_keeps_what_could_be_seen_without_it(poc: Path, portance: Portance) -> None:
    file = poc / "portance.toml"
    content = file.read_text(encoding="utf-8").replace('start = "python poc.py {port}"', 'url = "http://127.0.0.1:9"')
    file.write_text(content, encoding="utf-8")
    result = portance("run", cwd=poc)
    assert result.returncode == 2
    assert "nothing answers at http://127.0.0.1:9/" in complaint(result)
    evidence = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in (poc / "runs/latest/evidence").iterdir()}
    assert evidence["code"]["status"] == "completed"
    assert evidence["load"]["status"] == "error"
    card = json.loads((poc / "runs/latest/scorecard.json").read_text(encoding="utf-8"))
    assert card["decision"] == "undetermined"


def test_a_start_command_that_fails_is_one_line_with_its_own_words(poc: Path, portance: Portance) -> None:
    (poc / "poc.py").write_text("raise SystemExit('no database')", encoding="utf-8")
    result = portance("run", "--only", "http", cwd=poc)
    assert result.returncode == 2
    assert "exit code 1: no database" in complaint(result)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("users = 5_000", "usres = 5_000", "did you mean 'users'"),
        ("[target]", "[target", "not valid TOML"),
        ("{port}", "8000", "no {port}"),
        (
            "[[journeys]]",
            "[[declarations]]\nfact = 'declared.nothing'\nvalue = 1\nowner = 'x'\nlink = 'y'\n"
            "date = 2026-11-01\n[[journeys]]",
            "declared.nothing",
        ),
    ],
)
def test_a_wrong_project_file_is_one_line_and_nothing_is_started(
    poc: Path, portance: Portance, old: str, new: str, expected: str
) -> None:
    file = poc / "portance.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    result = portance("run", "--only", STATIC, cwd=poc)
    assert result.returncode == 2
    assert expected in complaint(result)
    assert not (poc / "runs").exists()


def test_wrong_usage_is_exit_code_two(poc: Path, portance: Portance) -> None:
    assert portance("run", "--onyl", "code", cwd=poc).returncode == 2
    assert "unknown 'cod'" in complaint(portance("run", "--only", "cod", cwd=poc))
    assert "not a run folder" in complaint(portance("grade", "elsewhere", cwd=poc))
    portance("run", "--only", STATIC, cwd=poc)
    assert "no report format 'pdff'" in complaint(portance("report", "--format", "pdff", cwd=poc))
    assert "no criterion" in complaint(portance("explain", "capacity.holds", cwd=poc))


def test_a_full_disk_is_one_line_and_keeps_the_evidence_so_far(poc: Path) -> None:
    """A limit on the size of files stands in for the full disk: the kernel refuses the write the same way."""
    arguments = [sys.executable, "-m", "scorecard.cli", "run", "--only", "code,manifests"]
    result = subprocess.run(
        arguments,
        cwd=poc,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000)),
    )
    assert result.returncode == 2
    assert "File too large" in complaint(result)
    folder = poc / "runs" / "latest"
    assert (folder / "evidence" / "code.json").exists()
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["state"] == "interrupted"
    assert not list(folder.rglob("*.part"))


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_no_process_and_marks_the_run(poc: Path, blow: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "scorecard.cli", "run", "--only", "http,load"],
        cwd=poc,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        family = descendants_once_loaded(running.pid)
        running.send_signal(blow)
        _, stderr = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "Traceback" not in stderr
    assert [p for p in family if alive(p)] == []
    state = json.loads((poc / "runs" / "latest" / "run.json").read_text(encoding="utf-8"))["state"]
    assert state == "interrupted"
    assert (poc / "runs" / "latest" / "evidence" / "http.json").exists()


def test_a_target_that_dies_under_load_gives_no_capacity(poc: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "scorecard.cli", "run", "--only", "load,demand"],
        cwd=poc,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        for process in descendants_once_loaded(running.pid):
            if "poc.py" in command_line(process):
                os.kill(process.pid, signal.SIGKILL)
        stdout, stderr = running.communicate(timeout=150)
    assert running.returncode == 2
    assert "ended by itself with exit code -9" in stderr
    card = json.loads((poc / "runs" / "latest" / "scorecard.json").read_text(encoding="utf-8"))
    assert card["decision"] == "undetermined"
    assert card["capacity"]["users"] is None
    assert stdout


def descendants_once_loaded(pid: int) -> list[psutil.Process]:
    """The processes of a run, as soon as its load generator is one of them."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any("loadtests" in command_line(p) for p in psutil.Process(pid).children(recursive=True)):
            time.sleep(2)
            return psutil.Process(pid).children(recursive=True)
        time.sleep(0.1)
    raise AssertionError("the load generator never started")


def command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it ended meanwhile
        return ""


def alive(process: psutil.Process) -> bool:
    try:
        process.wait(10)
    except psutil.TimeoutExpired:
        return True
    return False


def test_help_and_completion_and_version_answer(poc: Path, portance: Portance) -> None:
    assert "portance 0." in portance("--version", cwd=poc).stdout
    for command in ("demo", "init", "run", "grade", "gate", "report", "explain", "criteria", "reference"):
        assert portance(command, "--help", cwd=poc).returncode == 0
    assert "complete" in portance("--show-completion", "bash", cwd=poc).stdout.lower()


@pytest.mark.wheel
def test_criteria_and_explain_come_from_the_catalogue(poc: Path, portance: Portance) -> None:
    listed = json.loads(portance("criteria", "--json", cwd=poc).stdout)
    assert len(listed) >= 35
    assert len({c["domain"] for c in listed}) == 10
    name = listed[0]["id"]
    assert name in portance("criteria", cwd=poc).stdout
    assert listed[0]["why"]["fr"] in portance("explain", name, "--lang", "fr", cwd=poc).stdout
