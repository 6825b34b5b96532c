"""The whole program on a service that gives away everything, and a search of what it wrote for all that it was told."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from defects import PLANTED, lay_out

from scorecard.journeys.people import NAMES, is_made_up_email
from scorecard.personal_data import is_iban, spellings
from scorecard.reports import FORMATS

PORTANCE = (sys.executable, "-m", "scorecard.cli")


@dataclass(frozen=True)
class Assessment:
    """Folder of the run, what the service was told or gave away (value and kind), and all that was printed."""

    run: Path
    told: Mapping[str, str]
    printed: bytes


def assess(folder: Path) -> Assessment:
    """Assess ``everything-leaks`` in the smoke profile and write every report of it."""
    project = lay_out("everything-leaks", folder)
    ledger = folder / "ledger.jsonl"
    environment = {**os.environ, "LEDGER": str(ledger), "PYTHONWARNINGS": "default"}
    run = (*PORTANCE, "run", "--project", str(project / "portance.toml"), "--profile", "smoke", "--runs", "runs")
    printed = [_output(folder, environment, *run)]
    latest = folder / "runs" / "latest"
    printed += [_output(folder, environment, *PORTANCE, "report", str(latest), "--format", name) for name in FORMATS]
    entries = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    told = {entry["value"]: entry["kind"] for entry in entries if _is_somebodys(**entry)}
    return Assessment(latest.resolve(), told | dict.fromkeys(PLANTED.values(), "planted secret"), b"\n".join(printed))


def contents(content: bytes) -> Iterator[bytes]:
    """A file as it is, and what is deflated in it (a PDF keeps its text so)."""
    yield content
    for stream in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
        try:
            yield zlib.decompress(stream[1])
        except zlib.error:
            continue


def held(content: bytes, told: Mapping[str, str]) -> set[str]:
    """Kinds of the values that ``content`` holds, in whatever spelling."""
    return {kind for value, kind in told.items() if any(way.encode() in content for way in spellings(value))}


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
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=1200)
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.stdout + done.stderr
