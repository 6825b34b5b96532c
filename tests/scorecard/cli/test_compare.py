"""``portance compare`` on real run folders, as a user runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scorecard import evidence as files
from scorecard.cli.compare import Sides, compare_paths, lines
from scorecard.cli.errors import CommandError
from scorecard.cli.runs import Run, create

Portance = Callable[..., subprocess.CompletedProcess[str]]

PROJECT = b'[project]\nname = "Masques"\nusers = 5_000\n[target]\nurl = "http://127.0.0.1:9"\n'
BEGAN = datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.fixture
def measured(tmp_path: Path, evidence, fact) -> Callable[..., Path]:
    """A finished run below ``folder`` with a p95, a started_in and a number of severe findings in the code."""

    def make(folder: str, number: int, started: float, findings: int | None, *, project: bytes = PROJECT) -> Path:
        began = BEGAN + timedelta(minutes=number)
        run: Run = create(tmp_path / folder, "demo", project, began)
        timed = evidence([fact("service.started_in", started)], name="service", project="Masques", on=began.date())
        code = evidence(
            [fact("security.code_high", findings, "count")], name="code", project="Masques", on=began.date()
        )
        for found in (timed, code):
            files.write(found, run.evidence_folder)
        run.mark("completed", today=began.date(), lang="en")
        return run.folder

    return make


def test_two_runs_are_compared_each_on_its_own_day(measured, portance: Portance, tmp_path):
    base, new = measured("a", 0, 1.0, 0), measured("b", 9, 1.5, 2)
    result = portance("compare", str(base), str(new), "--lang", "en", cwd=tmp_path)
    assert result.returncode == 1, result.stderr
    assert result.stdout.startswith("REGRESSION — Masques\n")
    assert "met → not met  security.code-high [blocking]" in result.stdout
    assert "one run each: too few runs to tell a change from noise" in result.stdout
    french = portance("compare", str(new), str(base), "--lang", "fr", cwd=tmp_path)
    assert (french.returncode, french.stdout.splitlines()[0]) == (0, "PAS DE RÉGRESSION — Masques")


def test_folders_of_runs_and_their_link_to_the_latest(measured, portance: Portance, tmp_path):
    for number in range(5):
        measured("a", number, 1.0 + number / 100, 0)
        measured("b", number, 2.0 + number / 100, 0)
    assert (tmp_path / "a" / "latest").is_symlink()
    result = portance("compare", "a", "b", "--json", cwd=tmp_path)
    document = json.loads(result.stdout)
    assert document["runs"] == {"base": 5, "new": 5}
    assert document["exit_code"] == result.returncode
    (figure,) = document["figures"]
    assert (figure["fact"], figure["runs"], figure["unit"]) == ("service.started_in", [5, 5], "s")
    assert compare_paths(Sides.of([tmp_path / "a" / "latest"], [tmp_path / "a"]), BEGAN.date(), floor=0.05).runs == (
        1,
        5,
    )


def test_what_cannot_be_compared_is_said_in_one_line(measured, portance: Portance, tmp_path):
    base = measured("a", 0, 1.0, 0)
    other = measured("b", 0, 1.0, 0, project=PROJECT.replace(b"Masques", b"Autre"))
    (tmp_path / "empty").mkdir()
    for arguments, floor, said in (
        ((tmp_path / "empty", base), 0.05, "neither a run folder nor a folder that holds runs"),
        ((base, tmp_path / "nowhere"), 0.05, "neither a run folder"),
        ((base, other), 0.05, "2 projects"),
        ((base, base), 7, "between 0 and 1"),
    ):
        with pytest.raises(CommandError, match=said):
            compare_paths(Sides.of(arguments[:1], arguments[1:]), BEGAN.date(), floor=floor)
    result = portance("compare", "empty", str(base), "--lang", "fr", cwd=tmp_path)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "ni un dossier d’évaluation" in result.stderr


def test_a_run_cut_short_is_never_no_regression(measured):
    base, new = measured("a", 0, 1.0, 0), measured("b", 9, 1.0, 0)
    shutil.rmtree(new / "evidence")
    (new / "evidence").mkdir()
    sides = Sides.of([base], [new])
    found = compare_paths(sides, BEGAN.date(), floor=0.05)
    assert found.outcome.exit_code == 2
    assert any("met → unknown  security.code-high" in line for line in lines(found, sides, "en"))


def test_several_runs_are_set_against_several_and_none_counts_twice(measured, portance: Portance, tmp_path):
    before = [measured("a", number, 1.0 + number / 100, 0) for number in range(5)]
    after = [measured("b", number, 2.0 + number / 100, 0) for number in range(5)]
    shown = portance("compare", *map(str, after), str(after[0]), "--against", "a", "--lang", "en", cwd=tmp_path)
    assert shown.returncode == 1, shown.stderr
    assert "5 runs against 5" in shown.stdout
    assert "worse (Cliff's delta 1" in shown.stdout
    assert any("both sides" in line for line in told(Sides.of([*before, after[0]], after)))
    refused = portance("compare", *map(str, after), "--lang", "fr", cwd=tmp_path)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "5 donnés" in refused.stderr


def test_sides_that_were_not_tried_alike_are_warned_of(measured):
    base, same = measured("a", 0, 1.0, 0), measured("b", 9, 1.0, 0)
    tighter = measured("c", 9, 1.0, 0, project=PROJECT + b'[objectives]\np95 = "300 ms"\n')
    assert not any(line.startswith("!") for line in told(Sides.of([base], [same])))
    (warned,) = (line for line in told(Sides.of([base], [tighter])) if line.startswith("!"))
    assert "the objectives" in warned


def told(sides: Sides) -> list[str]:
    return lines(compare_paths(sides, BEGAN.date(), floor=0.05), sides, "en")
