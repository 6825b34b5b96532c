"""``portance portfolio`` as a user runs it, on a run that ``portance grade`` wrote."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from scorecard.cli.grade import grade_run, write_report
from scorecard.cli.runs import create

PROJECT = b'[project]\nname = "Masques"\nusers = 5_000\n[target]\nurl = "http://127.0.0.1:9"\n'


def test_the_command_writes_the_page_and_agrees_with_the_gate(
    portance: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    made = datetime(2026, 11, 20, 8, tzinfo=UTC)
    run = create(tmp_path / "runs", "demo", PROJECT, made)
    run.mark("completed", today=made.date(), lang="en")
    card = grade_run(run, made.date())
    write_report(run, card, "json", "en")
    result = portance("portfolio", "runs", "--on", "2026-11-22", "--json", "--lang", "fr", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    (project,) = json.loads(result.stdout)["projects"]
    assert project["standing"] == card.decision.value == "undetermined"
    assert len(project["runs"]) == 1  # "latest" is the same run
    page = (tmp_path / "runs" / "portfolio.html").read_text(encoding="utf-8")
    assert "Portefeuille d’évaluations" in page
    empty = portance("portfolio", "nowhere", cwd=tmp_path)
    assert (empty.returncode, empty.stderr.count("\n")) == (2, 1)
