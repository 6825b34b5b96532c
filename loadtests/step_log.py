"""The steps of a load, written down one by one as they end, so that a load that is cut off can go on from there."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scorecard.evidence import Machine
from scorecard.project import ProjectFile, RunProfile

NAME = "steps.jsonl"
OLDEST = timedelta(hours=24)
"""Age of a step beyond which the service may well be another one."""


@dataclass
class StepLog:
    """The log of one load.

    Attributes:
        path: the file.
        seed: of this attempt, one of the family of the first attempt's seed.
        attempt: 0 for the first.
        earlier: steps of earlier attempts that are still to be offered again, in order.
        taken: how many of them were.
    """

    path: Path
    seed: int
    attempt: int = 0
    earlier: list[dict[str, Any]] = field(default_factory=list)
    taken: int = 0

    def recall(self, phase: str, rate: float, window_s: float) -> dict[str, Any] | None:
        """What an earlier attempt measured as its next step, None when it was another one or none is left.

        The search is the same function of what it has seen, so that it asks for the same steps again; where it asks
        for another, what follows in the log belongs to another path and is left out.
        """
        if not self.earlier:
            return None
        found = self.earlier[0]
        if (found["phase"], found["window_s"]) != (phase, window_s) or not math.isclose(found["rate"], rate):
            self.earlier.clear()
            return None
        self.taken += 1
        return self.earlier.pop(0)

    def add(self, record: Mapping[str, Any]) -> None:
        """Write a step down at once, as one line."""
        self._append(record)

    def begin(self, head: Mapping[str, Any], now: datetime) -> None:
        """Write down that an attempt begins."""
        self._append({"attempt": self.attempt, "seed": self.seed, "began": now.isoformat(), **head})

    def _append(self, record: Mapping[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, allow_nan=False) + "\n")


def head_of(project: ProjectFile, profile: RunProfile) -> dict[str, Any]:
    """What two attempts must have in common to be one load: project file, profile, machine, this program's format."""
    content = project.model_dump_json(by_alias=True).encode()
    machine = Machine.here()
    return {
        "format": 1,
        "project": hashlib.sha256(content).hexdigest(),
        "profile": profile,
        "machine": [machine.system, machine.cpu, machine.cores],
    }


def open_log(path: Path, head: Mapping[str, Any], fresh_seed: int, now: datetime) -> StepLog:
    """The log at ``path``, with the steps of an earlier attempt if there was one that this one can go on from.

    A log of another project file, profile or machine, one older than a day, or one that cannot be read is put aside
    under another name: nothing of it is used.
    """
    lines = _lines(path)
    log = StepLog(path, fresh_seed)
    if lines:
        first = lines[0]
        steps = [line for line in lines if "report" in line]
        fits = all(first.get(key) == value for key, value in head.items())
        if fits and steps and now - datetime.fromisoformat(steps[-1]["ended"]) <= OLDEST:
            attempt = 1 + max(line["attempt"] for line in lines if "attempt" in line)
            log = StepLog(path, _child(first["seed"], attempt), attempt, steps)
        else:
            path.replace(path.with_name(f"unused-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{path.name}"))
    log.begin(head, now)
    return log


def _lines(path: Path) -> list[dict[str, Any]]:
    """Every whole line; the last one may have been cut off with its attempt, and then ends the log."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    lines: list[dict[str, Any]] = []
    for line in text.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            break
    if text and not text.endswith("\n"):
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return lines


def _child(seed: int, attempt: int) -> int:
    """The seed of a later attempt: no visitor comes twice, and the family is told by its first seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{attempt}".encode()).digest()[:4], "big")
