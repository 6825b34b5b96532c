from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from scorecard.cli.errors import CommandError
from scorecard.cli.runs import Run, create, slug
from scorecard.evidence import Text, broken, write

NOW = datetime(2026, 11, 22, 12, 30, 5, tzinfo=UTC)
PROJECT = b'[project]\nname="PoC"\nusers=1000\n[target]\n'


def made(tmp_path: Path) -> Run:
    return create(tmp_path / "runs", "Aide d'urgence", PROJECT, NOW)


def test_a_run_is_named_after_its_time_and_its_project(tmp_path: Path) -> None:
    assert made(tmp_path).folder.name == "20261122T123005Z-aide-d-urgence"


def test_two_runs_of_one_second_do_not_share_a_folder(tmp_path: Path) -> None:
    first, second = made(tmp_path), made(tmp_path)
    assert first.folder != second.folder
    assert (tmp_path / "runs" / "latest").resolve() == second.folder.resolve()


def test_a_run_not_ended_says_so_when_it_is_read(tmp_path: Path) -> None:
    run = made(tmp_path)
    run.mark("interrupted", today=date(2026, 11, 22), lang="en")
    _, _, problems = run.read()
    assert "interrupted" in problems[0].en
    run.mark("completed", today=date(2026, 11, 22), lang="en")
    assert run.read()[2] == []


def test_a_broken_evidence_file_is_set_aside_and_said_and_the_others_are_kept(tmp_path: Path) -> None:
    run = made(tmp_path)
    run.mark("completed", today=date(2026, 11, 22), lang="en")
    write(broken("load", "PoC", Text(en="no", fr="non")), run.evidence_folder)
    write(broken("http", "PoC", Text(en="no", fr="non")), run.evidence_folder)
    (run.evidence_folder / "http.json").write_text("{", encoding="utf-8")
    _, evidence, problems = run.read()
    assert [e.name for e in evidence] == ["load"]
    assert "http.json" in problems[0].en


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="not a run folder"):
        Run(tmp_path).read()


@pytest.mark.parametrize(
    ("name", "expected"), [("Été à Évry !", "ete-a-evry"), ("../../etc", "etc"), ("日本", "run"), ("a" * 90, "a" * 40)]
)
def test_a_project_name_never_leaves_the_folder_of_the_runs(name: str, expected: str) -> None:
    assert slug(name) == expected
