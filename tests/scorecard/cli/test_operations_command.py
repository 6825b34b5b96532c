"""``portance operations``: what it writes, leaves alone and refuses; the shipped files are what it writes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from scorecard.cli.errors import CommandError
from scorecard.cli.operations_files import contents, make, runbook_contents
from scorecard.project import load

PROJECT = """
[project]
name = "Masques & tests"
users = 20_000
[target]
url = "http://127.0.0.1:1"
[objectives]
p95 = "{p95}"
error_rate = "{errors}"
"""
SHIPPED = Path(__file__).resolve().parents[3] / "reference_app"


@pytest.fixture
def project(tmp_path: Path):
    """Writes a project file with these objectives."""

    def write(p95: str = "400 ms", errors: str = "0.1 %") -> Path:
        (tmp_path / "portance.toml").write_text(PROJECT.format(p95=p95, errors=errors), encoding="utf-8")
        return tmp_path

    return write


def test_all_is_written_but_a_runbook_that_a_team_has_made_its_own(project, portance):
    folder = project(p95="300 ms")
    ours = folder / "operations" / "runbooks" / "slow.md"
    ours.parent.mkdir(parents=True)
    ours.write_text("what we do", encoding="utf-8")
    done = portance("operations", "--runbooks", "https://wiki.example/masks", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "operations/runbooks/slow.md (kept)" in done.stdout
    assert ours.read_text(encoding="utf-8") == "what we do"
    assert "objectives.p95 is 0.3 s, between two boundaries" in done.stderr
    out = folder / "operations"
    (group,) = yaml.safe_load((out / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    links = {rule["annotations"]["runbook_url"] for rule in group["rules"] if "alert" in rule}
    names = {path.name for path in (out / "runbooks").iterdir()}
    assert links == {f"https://wiki.example/masks/{name}" for name in names}
    assert group["name"] == "masques-tests"
    assert json.loads((out / "dashboard.json").read_text(encoding="utf-8"))["title"] == "Masques & tests"
    assert "kubectl rollout undo deployment/masques-tests" in (out / "runbooks" / "errors.md").read_text(
        encoding="utf-8"
    )
    assert "tail_sampling" in yaml.safe_load((out / "collector.yaml").read_text(encoding="utf-8"))["processors"]
    assert len(list((out / "tests").glob("*.test.yaml"))) == 7


def test_objectives_that_no_alert_can_watch_are_refused_in_one_line_and_nothing_is_written(project, portance):
    folder = project(errors="0 %")
    done = portance("operations", cwd=folder)
    assert done.returncode == 2
    assert "no error budget" in done.stderr
    assert not (folder / "operations").exists()


def test_without_promtool_it_is_said_that_nothing_was_tried(project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = project()
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    made = make(load(folder / "portance.toml"), tmp_path / "out", "en", "runbooks")
    assert made.alerts_tried is None
    assert len(made.written) == 14


def test_an_alert_that_promtool_finds_wrong_is_an_error(project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = project()
    says_no = """#!/bin/sh
[ "$1" = check ] && { echo "  SUCCESS: 33 rules found"; exit 0; }
shift 2
for file; do printf 'Unit Testing:  %s\\n  FAILED:\\n    expr: "x", time: 1m,\\n' "$file"; done
exit 1
"""
    (tmp_path / "promtool").write_text(says_no, encoding="utf-8")
    (tmp_path / "promtool").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(CommandError, match="do not do what they should: errors-fast"):
        make(load(folder / "portance.toml"), tmp_path / "out", "en", "runbooks")


def test_the_files_shipped_with_the_reference_service_are_those_of_its_objectives():
    of = load(SHIPPED / "portance.toml")
    for name, content in {**contents(of, "fr"), **runbook_contents(of, "fr")}.items():
        shipped = (SHIPPED / "operations" / name).read_text(encoding="utf-8")
        assert shipped == content, f"{name}: run portance operations again"


def test_the_collector_lets_no_address_query_message_or_unlisted_name_through():
    configuration = yaml.safe_load(contents(load(SHIPPED / "portance.toml"), "en")["collector.yaml"])
    redaction = configuration["processors"]["redaction"]
    assert redaction["allow_all_keys"] is False
    for personal in (
        "url.query",
        "url.full",
        "exception.message",
        "exception.stacktrace",
        "client.address",
        "enduser.id",
    ):
        assert personal not in redaction["allowed_keys"]
    blocked = [re.compile(pattern) for pattern in redaction["blocked_values"]]
    for value in ("1850578006084", "185057800608436", "FR7630006000011234567890189", "jeanne.roux@example.org"):
        assert any(pattern.search(value) for pattern in blocked), value
    for value in (
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "/api/v1/dossiers/{id}",
        "select 1 from dossiers where id = ?",
        "200",
    ):
        assert not any(pattern.search(value) for pattern in blocked), value
    traces = configuration["service"]["pipelines"]["traces"]["processors"]
    assert traces == ["memory_limiter", "redaction", "tail_sampling", "batch"]
    for name, pipeline in configuration["service"]["pipelines"].items():
        assert pipeline["processors"][0] == "memory_limiter", name
        parts = {*pipeline["processors"], *pipeline["exporters"], *pipeline["receivers"]}
        assert parts <= {*configuration["processors"], *configuration["exporters"], *configuration["receivers"]}
