"""A service that gives away everything is assessed by the whole program: nothing of it stands in what the run wrote."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from defects import PLANTED, lay_out

from scorecard.journeys.people import NAMES, is_made_up_email
from security.personal_data import is_iban, spellings

PORTANCE = (sys.executable, "-m", "scorecard.cli")
FORMATS = ("html", "json", "md", "junit", "sarif", "gitlab", "csv", "prometheus", "badge")


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], bytes]:
    """Folder of the run, what the service was told and gave away (value and kind), and all that was printed."""
    folder = tmp_path_factory.mktemp("leaks")
    project = lay_out("everything-leaks", folder)
    environment = {**os.environ, "LEDGER": str(folder / "ledger.jsonl"), "PYTHONWARNINGS": "default"}
    run = (*PORTANCE, "run", "--project", str(project / "portance.toml"), "--profile", "smoke", "--runs", "runs")
    printed = [_output(folder, environment, *run)]
    runs = folder / "runs" / "latest"
    printed += [_output(folder, environment, *PORTANCE, "report", str(runs), "--format", name) for name in FORMATS]
    lines = (folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    told = {entry["value"]: entry["kind"] for entry in map(json.loads, lines) if _is_somebodys(**entry)}
    return runs.resolve(), told | dict.fromkeys(PLANTED.values(), "planted secret"), b"\n".join(printed)


def test_the_run_met_what_it_must_not_repeat(everything):
    run, told, _ = everything
    kinds = set(told.values())
    assert kinds == {"email", "name", "iban", "session", "planted secret"}
    rules = {
        finding["rule"]
        for file in (run / "evidence").glob("*.json")
        for finding in json.loads(file.read_text(encoding="utf-8"))["findings"]
    }
    assert {"personal-data-in-log", "personal-data-in-url", "aws-access-key"} <= rules


def test_no_secret_and_no_personal_value_is_in_any_file_of_the_run(everything):
    run, told, _ = everything
    held = {
        (path.relative_to(run).as_posix(), kind)
        for path in run.rglob("*")
        if path.is_file()
        for content in _contents(path.read_bytes())
        for kind in _held(content, told)
    }
    assert held == set()


def test_no_secret_and_no_personal_value_is_printed(everything):
    _, told, printed = everything
    assert _held(printed, told) == set()


@pytest.mark.parametrize("manner", ["plain", "deflated", "escaped in JSON"])
def test_the_search_finds_what_is_there(manner):
    told = {"Élodie Étienne": "name"}
    content = {
        "plain": "filed by Élodie Étienne".encode(),
        "deflated": b"stream\n" + zlib.compress("by Élodie Étienne".encode()) + b"\nendstream",
        "escaped in JSON": json.dumps("Élodie Étienne").encode(),
    }[manner]
    assert {kind for one in _contents(content) for kind in _held(one, told)} == {"name"}


def _is_somebodys(kind: str, value: str) -> bool:
    """Whether a value is what a person of the journeys typed, or a session; the probes type anything."""
    match kind:
        case "email":
            return is_made_up_email(value)
        case "name":
            return value in NAMES
        case "iban":
            return is_iban(value)
        case _:
            return True


def _output(folder: Path, environment: dict[str, str], *command: str) -> bytes:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=300)
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.stdout + done.stderr


def _contents(content: bytes) -> Iterator[bytes]:
    """A file as it is, and what is deflated in it (a PDF keeps its text so)."""
    yield content
    for stream in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
        try:
            yield zlib.decompress(stream[1])
        except zlib.error:
            continue


def _held(content: bytes, told: dict[str, str]) -> set[str]:
    return {kind for value, kind in told.items() if any(way.encode() in content for way in spellings(value))}
