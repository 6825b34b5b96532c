"""The command a pipeline obeys: its exit code, its ten lines, and what GitHub reads beside them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scorecard.cli.pipeline import Annotation, target_branch
from scorecard.evidence import Finding, Severity, Suppression, read, write

Portance = Callable[..., subprocess.CompletedProcess[str]]
FAILING = {"security.code_high": 1}
UNKNOWN = {"security.code_high": None}


def waiver(days: int) -> str:
    until = datetime.now(UTC).date() + timedelta(days=days)
    return (
        '\n[[waivers]]\ncriterion = "security.code-high"\nreason = "behind the proxy for now"\n'
        f'approver = "RSSI"\nexpires = {until.isoformat()}\n'
    )


def write_policy(folder: Path, text: str) -> None:
    (folder / "portance-policy.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("worse", "toml", "decision", "code"),
    [({}, "", "go", 0), ({}, waiver(9), "go", 0), (FAILING, waiver(9), "conditional", 0), (FAILING, "", "no_go", 1),
     (FAILING, waiver(-1), "no_go", 1), (UNKNOWN, "", "undetermined", 2), (UNKNOWN, waiver(9), "undetermined", 2)],
)  # fmt: skip
def test_without_a_policy_the_exit_code_is_the_decision(judged_run, inside, worse, toml, decision, code) -> None:
    run = judged_run(toml=toml, worse=worse)
    log = inside("gate", str(run))
    said = json.loads(inside("gate", str(run), "--json").stdout)
    assert (log.returncode, said["exit_code"], said["decision"]) == (code, code, decision)
    assert f"Exit code {code} by the built-in rule, no policy file." in log.stdout
    assert len(log.stdout.splitlines()) <= 10
    assert re.search(r"This gate took .*; the run took .* machine-minutes on \d+ cores\.\n$", log.stdout)
    assert said["cost"]["gate_wall_s"] > 0
    assert said["cost"]["gate_cpu_s"] > 0


@pytest.mark.wheel
def test_a_policy_of_this_folder_is_obeyed_and_named(judged_run, portance: Portance, tmp_path) -> None:
    run = judged_run(toml=waiver(9), worse=FAILING)
    assert portance("gate", str(run), cwd=tmp_path).returncode == 0
    write_policy(tmp_path, '[gate]\naccept = ["go"]\n')
    refused = portance("gate", str(run), cwd=tmp_path)
    assert refused.returncode == 1
    assert "refused – a conditional go is not accepted here (portance-policy.toml:2)" in refused.stdout
    french = portance("gate", str(run), "--lang", "fr", cwd=tmp_path).stdout
    assert "refusé – un feu vert sous conditions ne suffit pas ici (portance-policy.toml:2)" in french
    write_policy(tmp_path, '[gate]\naccept = ["go", "conditional"]\n')
    assert portance("gate", str(run), cwd=tmp_path).returncode == 0


def test_a_stage_is_chosen_by_name_or_by_the_branch_that_a_change_goes_into(judged_run, inside, tmp_path) -> None:
    run = judged_run(toml=waiver(9), worse=FAILING)
    write_policy(tmp_path, '[gate]\ngrade = "E"\n[[stages]]\nname = "opening"\nbranches = ["main"]\naccept = ["go"]\n')
    assert inside("gate", str(run)).returncode == 0
    for arguments, environment in (
        (("--stage", "opening"), {}),
        (("--branch", "main"), {}),
        ((), {"GITHUB_REF_NAME": "main"}),
        ((), {"CI_COMMIT_REF_NAME": "feature", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}),
    ):
        refused = inside("gate", str(run), *arguments, **environment)
        assert (refused.returncode, "(gate, opening)" in refused.stdout) == (1, True)
    unknown = inside("gate", str(run), "--stage", "closing")
    assert (unknown.returncode, "no stage 'closing'; stages: opening" in unknown.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "policy", "said"),
    [
        (("--policy", "none.toml"), None, "none.toml: cannot be read"),
        ((), "", "portance-policy.toml: no [gate]"),
        ((), '[gate]\naccept = ["go", "no_go"]\n', "portance-policy.toml:2: gate.accept[2]"),
        ((), "[gate]\nnew_failures = 0\n", "portance-policy.toml:2: new_failures: needs a baseline"),
        (("--stage", "main"), None, "there is no policy file"),
        (("--baseline", "none.json"), None, "none.json cannot be read"),
        (("--baseline", "empty.json"), None, "empty.json is no scorecard"),
        (("--baseline", "."), None, "not a run folder"),
    ],
)
def test_what_is_missing_or_has_a_hole_never_passes(judged_run, inside, tmp_path, arguments, policy, said) -> None:
    run = judged_run()
    (tmp_path / "empty.json").touch()
    if policy is not None:
        write_policy(tmp_path, policy)
    refused = inside("gate", str(run), *arguments)
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_policy_that_is_a_link_to_nothing_is_missing_and_not_none(judged_run, inside, tmp_path) -> None:
    (tmp_path / "portance-policy.toml").symlink_to(tmp_path / "gone.toml")
    refused = inside("gate", str(judged_run()))
    assert (refused.returncode, "cannot be read" in refused.stderr) == (2, True)


def test_a_new_failure_is_refused_against_a_run_and_against_its_scorecard(judged_run, inside, tmp_path) -> None:
    before, now = judged_run("before"), judged_run("now", worse={"security.code_medium": 9})
    assert inside("grade", str(before)).returncode == 0
    write_policy(tmp_path, "[gate]\nnew_failures = 0\n")
    for baseline in (before, before / "scorecard.json"):
        refused = inside("gate", str(now), "--baseline", str(baseline))
        assert refused.returncode == 1
        assert "1 not met, and no failure in the baseline" in refused.stdout
        assert "new failures: 1; answers lost: 0" in refused.stdout
    itself = inside("gate", str(before), "--baseline", str(before))
    assert (itself.returncode, "this very run" in itself.stderr) == (2, True)


def test_an_expired_waiver_is_refused_with_its_line(judged_run, inside, tmp_path) -> None:
    run = judged_run(toml=waiver(-1), worse=FAILING)
    line = next(n for n, text in enumerate((run / "portance.toml").read_text().splitlines(), 1) if "expires" in text)
    log = inside("gate", str(run))
    assert log.returncode == 1
    assert "the waiver of security.code-high expired on" in log.stdout
    assert f"(portance.toml:{line})" in log.stdout


def found(run: Path, *findings: Finding) -> None:
    """Adds findings to the evidence on the code."""
    evidence = read(run / "evidence" / "code.json")
    write(evidence.model_copy(update={"findings": findings, "digest": ""}), run / "evidence")


def test_new_findings_are_counted_refused_and_marked_against_an_earlier_run(judged_run, inside, tmp_path) -> None:
    before, now = judged_run("before"), judged_run("now", worse={"security.code_medium": 1})
    found(now, Finding(category="code", rule="B608", severity=Severity.HIGH, location="app/a.py:3", message="m"))
    log = inside("gate", str(now), "--baseline", str(before))
    assert "new findings: 1" in log.stdout
    said = json.loads(inside("gate", str(now), "--baseline", str(before), "--json").stdout)
    assert said["baseline"]["new_findings"] == {"critical": 0, "high": 1, "medium": 0, "low": 0, "none": 0}
    write_policy(tmp_path, "[gate]\nnew_findings = { high = 0 }\n")
    refused = inside("gate", str(now), "--baseline", str(before))
    assert (refused.returncode, "B608 (app/a.py:3)" in refused.stdout) == (1, True)
    report = inside("report", str(now), "--format", "sarif", "--baseline", str(before), "--into", str(tmp_path))
    assert report.returncode == 0, report.stderr
    results = json.loads((tmp_path / "scorecard.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert [r["baselineState"] for r in results if r["ruleId"] == "code/B608"] == ["new"]


@pytest.mark.parametrize(
    ("format_", "baseline", "said"),
    [("html", "before", "only these formats say what is new: sarif"), ("sarif", "portance.toml", "not the folder of")],
)
def test_a_report_against_what_holds_no_findings_is_refused(judged_run, inside, format_, baseline, said) -> None:
    run = judged_run()
    earlier = judged_run("before") if baseline == "before" else run / baseline
    refused = inside("report", str(run), "--format", format_, "--baseline", str(earlier))
    assert (refused.returncode, said in refused.stderr) == (2, True)


def test_github_gets_annotations_outputs_and_a_summary(judged_run, inside, tmp_path) -> None:
    run = judged_run(worse=FAILING, toml=waiver(-1))
    hostile = "shell=True,\n::stop-commands::x 100%##[stop-commands]x"
    found(
        run,
        Finding(category="code", rule="B101", severity=Severity.LOW, location="src/a.py:1", message="low"),
        Finding(category="code", rule="B602", severity=Severity.HIGH, location="src/a.py:7", message=hostile),
        Finding(category="code", rule="B324", severity=Severity.MEDIUM, location="src/b,c.py:3", message="weak"),
        Finding(
            category="code", rule="B105", severity=Severity.HIGH, location="src/a.py:9", message="aside",
            suppression=Suppression(reason="a fake", owner="team"),
        ),
        Finding(category="headers", rule="hsts", severity=Severity.HIGH, location="GET /", message="no line of code"),
    )  # fmt: skip
    outputs, summary = tmp_path / "outputs", tmp_path / "summary.md"
    summary.write_text("# of a step before\n", encoding="utf-8")
    on_github = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)}
    done = inside("gate", str(run), **on_github)
    commands = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert commands[1:] == [
        next(
            command for command in commands if command.startswith("::warning file=portance.toml,line=12,title=Waiver")
        ),
        "::error file=src/a.py,line=7,title=code/B602::shell=True, ::stop-commands::x 100%25# #[stop-commands]x",
        "::warning file=src/b%2Cc.py,line=3,title=code/B324::weak",
    ]
    assert commands[0].startswith("::error title=Portance%2C Aid::No go today")
    written = dict(line.split("=", 1) for line in outputs.read_text(encoding="utf-8").splitlines())
    assert (written["decision"], written["exit-code"], written["run"]) == ("no_go", "1", str(run))
    page = summary.read_text(encoding="utf-8")
    assert page.startswith("# of a step before\n## The gate is closed\n\n    No go today")
    assert page.index("    Exit code 1 by the built-in rule") < page.index("\n# Aid: No go\n")
    as_json = inside("gate", str(run), "--json", **on_github)
    assert json.loads(as_json.stdout)["exit_code"] == 1
    assert "::error file=src/a.py,line=7" in as_json.stderr


def test_no_more_annotations_than_github_shows_and_the_gravest_first(judged_run, inside, tmp_path) -> None:
    run = judged_run()
    many = [
        Finding(category="code", rule=f"R{n}", severity=severity, location=f"src/a.py:{n + 1}", message="m")
        for severity in (Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
        for n in range(8)
    ]
    found(run, *many)
    done = inside("gate", str(run), GITHUB_ACTIONS="true")
    levels = [line.split(" ")[0] for line in done.stdout.splitlines() if line.startswith("::")]
    assert (levels.count("::error"), levels.count("::warning"), levels.count("::notice")) == (10, 8, 1)


def test_away_from_github_nothing_of_it_is_printed(judged_run, inside, tmp_path) -> None:
    run = judged_run(worse=FAILING)
    assert "::" not in inside("gate", str(run), GITHUB_ACTIONS="", GITHUB_OUTPUT="").stdout


def test_words_of_an_annotation_are_no_properties_and_no_commands() -> None:
    hostile = Annotation("error", "a,line=1::b", "x\r\n::set-output name=y::%0A", "f:1,title=z", 3)
    assert str(hostile) == "::error file=f%3A1%2Ctitle=z,line=3,title=a%2Cline=1%3A%3Ab::x ::set-output name=y::%250A"


def test_the_branch_is_the_one_a_change_goes_into() -> None:
    assert target_branch({}) is None
    assert target_branch({"GITHUB_BASE_REF": "", "GITHUB_REF_NAME": "main"}) == "main"
    assert target_branch({"GITHUB_BASE_REF": "main", "GITHUB_REF_NAME": "12/merge"}) == "main"
