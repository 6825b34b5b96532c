"""What several tests of the room need: factories for criteria, evidence and projects, and the shipped catalogue."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from scorecard.criteria import Criterion, catalogue
from scorecard.evidence import Evidence, Fact, Machine, Provenance, Status, Text, Unit
from scorecard.project import ProjectFile

TODAY = date(2026, 11, 22)
MACHINE = Machine(system="Linux", cpu="test", cores=2, memory_bytes=1, python="3.11")


@pytest.fixture(scope="session")
def today() -> date:
    return TODAY


@pytest.fixture(scope="session")
def project() -> ProjectFile:
    return ProjectFile.model_validate({"project": {"name": "Aid", "users": 300_000, "agents": 3_000}, "target": {}})


@pytest.fixture(scope="session")
def shipped() -> tuple[Criterion, ...]:
    return catalogue()


@pytest.fixture(scope="session")
def text() -> Callable[[str], Text]:
    return lambda words: Text(en=words, fr=f"{words} (fr)")


@pytest.fixture(scope="session")
def criterion() -> Callable[..., Criterion]:
    """A criterion on the fact ``load.<id>`` in seconds, at most 0.4, unless told otherwise."""

    def make(identifier: str, **changes: Any) -> Criterion:
        words = {"en": f"{identifier} holds", "fr": f"{identifier} tient"}
        table: dict[str, Any] = {
            "id": identifier,
            "domain": "capacity",
            "title": words,
            "why": words,
            "remedy": {"en": f"mend {identifier}", "fr": f"réparer {identifier}"},
            "source": "field practice",
            "basis": "measured",
            "evidence": "load",
            "fact": f"load.{identifier}",
            "unit": "s",
            "better": "lower",
            "pass": 0.4,
            "max_age_days": 30,
            "weight": 1,
            "blocking": False,
            "effort": "days",
            **changes,
        }
        return Criterion.model_validate(table)

    return make


@pytest.fixture(scope="session")
def fact() -> Callable[..., Fact]:
    """A fact; in seconds unless told otherwise."""

    def make(identifier: str, value: bool | float | str | None, unit: str = "s", **changes: Any) -> Fact:
        if value is None:
            changes.setdefault("reason", Text(en="the tool saw nothing", fr="l’outil n’a rien vu"))
        return Fact(id=identifier, value=value, unit=Unit(unit), **changes)

    return make


@pytest.fixture(scope="session")
def evidence() -> Callable[..., Evidence]:
    """Sealed evidence of the project "Aid", observed on :data:`TODAY` unless told otherwise."""

    def make(facts: Sequence[Fact] = (), name: str = "load", on: date = TODAY, **changes: Any) -> Evidence:
        status = changes.pop("status", Status.COMPLETED)
        if status is not Status.COMPLETED:
            changes.setdefault("reason", Text(en="the collector gave up", fr="le collecteur a abandonné"))
        started = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
        return Evidence(
            name=name,
            collector="test",
            project=changes.pop("project", "Aid"),
            status=status,
            provenance=Provenance(
                tool="test", version="1", command=(), machine=MACHINE, started=started, duration_s=1.0
            ),
            facts=tuple(facts),
            **changes,
        ).sealed()

    return make


@pytest.fixture
def portance() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command as a user does: a process of its own, in a folder, with its output kept."""

    def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scorecard.cli", *arguments],
            cwd=cwd,
            env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "", "COLUMNS": "200", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    return run
