"""Where a project lies in its repository, and what its reports point at."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scorecard.cli import origin
from scorecard.cli.origin import Origin, placed
from scorecard.cli.runs import Run
from scorecard.scorecard import ProjectSummary

SUMMARY = ProjectSummary(name="Aid", kind="api", users=1, agents=0)
Portance = Callable[..., subprocess.CompletedProcess[str]]


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    command = ["git", *who, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=30)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "services" / "aid").mkdir(parents=True)
    (tmp_path / "services" / "aid" / "portance.toml").write_text("[project]\n", encoding="utf-8")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "first")
    return tmp_path


def test_a_project_in_a_folder_of_its_repository_is_found_with_its_commit(repository):
    file = repository / "services" / "aid" / "portance.toml"
    found = origin.find(file)
    assert found == Origin(
        project_file="services/aid/portance.toml", commit=git(repository, "rev-parse", "HEAD"), changed=False
    )
    file.write_text("[project]\nname='other'\n", encoding="utf-8")
    assert origin.find(file).changed is True


def test_without_a_repository_or_without_a_commit_nothing_is_made_up(tmp_path):
    file = tmp_path / "portance.toml"
    file.touch()
    assert origin.find(file).commit is None
    git(tmp_path, "init", "--quiet")
    assert origin.find(file) == Origin(project_file="portance.toml", commit=None, changed=None)


@pytest.mark.parametrize(
    ("file", "source", "code"),
    [
        ("portance.toml", "src", "."),
        ("services/aid/portance.toml", "src", "services/aid"),
        ("services/aid/portance.toml", None, "services/aid"),
        ("deploy/portance.toml", "../src", "src"),
        ("portance.toml", "../elsewhere", None),
        ("portance.toml", "/srv/code", None),
    ],
)
def test_paths_of_findings_start_from_the_root_of_the_repository(file, source, code):
    shown = placed(SUMMARY, Origin(project_file=file), source)
    assert (shown.file, shown.code) == (file, code)


@pytest.mark.parametrize("content", ["", "[]", '{"project_file": 3}', '{"commit": "; rm"}', "\x00"])
def test_an_origin_that_cannot_be_read_is_an_unknown_one(tmp_path, content):
    (tmp_path / origin.FILE).write_text(content, encoding="utf-8")
    assert origin.read(Run(tmp_path)) == Origin()


def test_a_finding_of_a_run_is_on_its_line_of_the_repository(poc: Path, portance: Portance) -> None:
    """The whole way: a service in a folder of a repository, bandit on it, SARIF and the code quality report."""
    service = poc / "services" / "aid"
    service.mkdir(parents=True)
    for name in ("portance.toml", "poc.py", "src"):
        (poc / name).rename(service / name)
    (service / "src" / "app.py").write_text(
        "import subprocess\n\nsubprocess.call('ls', shell=True)\n", encoding="utf-8"
    )
    git(poc, "init", "--quiet")
    portance("run", "--project", "services/aid/portance.toml", "--only", "code", cwd=poc)
    assert portance("report", "--format", "sarif", cwd=poc).returncode == 0
    assert portance("report", "--format", "gitlab", cwd=poc).returncode == 0
    run = poc / "runs" / "latest"
    places = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in json.loads((run / "scorecard.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
        if result["ruleId"].startswith("code/")
    }
    assert places == {"services/aid/src/app.py"}
    issues = json.loads((run / "gl-code-quality-report.json").read_text(encoding="utf-8"))
    found = {issue["location"]["path"] for issue in issues}
    assert found == {"services/aid/src/app.py", "services/aid/portance.toml"}
    assert all((poc / path).is_file() for path in found)
