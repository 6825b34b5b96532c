"""criteria, explain and --criteria, as a person types them."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from scorecard.cli.errors import CommandError
from scorecard.cli.explain import explanation
from scorecard.cli.grade import grade_run
from scorecard.cli.listing import chosen, table
from scorecard.cli.run import Output, carry_out
from scorecard.cli.runs import Run
from scorecard.criteria import Criterion, Domain

Portance = Callable[..., subprocess.CompletedProcess[str]]

OWN = """
[[criteria]]
id = "trust.ministry-charter"
domain = "trust"
title = { en = "The charter is signed", fr = "La charte est signée" }
why = { en = "The minister wants it.", fr = "Le ministre le veut." }
remedy = { en = "Sign it.", fr = "La signer." }
source = "Charte numérique du ministère, 2026, article 3"
basis = "declared"
evidence = "declarations"
fact = "declared.trust.ministry-charter"
unit = "bool"
better = "equal"
pass = true
max_age_days = 365
weight = 2
blocking = true
effort = "hours"
"""
STRICTER = '[[stricter]]\nid = "security.code-medium"\nsource = "Note du ministère, 2026"\ntolerate = false\n'
LOOSER = '[[stricter]]\nid = "security.code-high"\nsource = "Note du ministère, 2026"\nblocking = false\n'


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a small project, graded with own criteria."""
    folder = tmp_path_factory.mktemp("measured")
    (folder / "src").mkdir()
    (folder / "src" / "app.py").write_text("def answer() -> int:\n    return 42\n", encoding="utf-8")
    project = '[project]\nname = "Masques"\nusers = 5_000\n[target]\nsource = "src"\n'
    (folder / "portance.toml").write_text(project, encoding="utf-8")
    (folder / "ministry").mkdir()
    (folder / "ministry" / "own.toml").write_text(OWN + STRICTER, encoding="utf-8")
    with contextlib.redirect_stdout(io.StringIO()):
        carry_out(
            folder / "portance.toml", folder / "runs", Output("en", as_json=False, quiet=True),
            profile="smoke", only=["secrets"], criteria=[folder / "ministry"], name="masks",
        )  # fmt: skip
    return (folder / "runs" / "latest").resolve()


@pytest.fixture
def run(measured: Path, tmp_path: Path) -> Path:
    """A copy of that run, to be changed."""
    return shutil.copytree(measured, tmp_path / "run")


@pytest.fixture
def own(poc: Path) -> Path:
    """A folder of own criteria beside the project file."""
    folder = poc / "ministry"
    folder.mkdir()
    (folder / "own.toml").write_text(OWN + STRICTER, encoding="utf-8")
    return folder


def judged(run: Path) -> dict[str, dict[str, object]]:
    return {c["id"]: c for c in json.loads((run / "scorecard.json").read_text(encoding="utf-8"))["criteria"]}


def test_own_criteria_of_the_project_file_are_asked_declared_and_kept(poc: Path, own: Path, portance: Portance) -> None:
    file = poc / "portance.toml"
    declared = (
        '\n[[declarations]]\nfact = "declared.trust.ministry-charter"\nvalue = true\nowner = "Ann"\n'
        'link = "https://proof"\ndate = 2026-01-01\n'
    )
    file.write_text(file.read_text() + '\n[criteria]\nfolders = ["ministry"]\n' + declared, encoding="utf-8")
    assert portance("run", "--only", "secrets", cwd=poc).returncode == 2
    run = (poc / "runs" / "latest").resolve()
    card = (run / "scorecard.json").read_bytes()
    assert judged(run)["trust.ministry-charter"]["blocking"] is True
    assert "toler" not in str(judged(run)["security.code-medium"]["threshold"])
    day = json.loads(card)["graded_on"]
    shutil.rmtree(own)  # what the run keeps is enough
    assert portance("grade", "--on", day, cwd=poc).returncode == 2
    assert (run / "scorecard.json").read_bytes() == card


def test_a_run_can_be_graded_with_other_criteria_which_it_then_keeps(run: Path, portance: Portance) -> None:
    other = run.parent / "other"
    other.mkdir()
    (other / "own.toml").write_text(OWN.replace("ministry-charter", "other-charter"), encoding="utf-8")
    gate = portance("gate", "run", "--criteria", "other", "--json", cwd=run.parent)
    assert "trust.other-charter" in gate.stdout
    assert "trust.ministry-charter" not in gate.stdout
    assert "trust.ministry-charter" in judged(run), "the gate leaves a run as it is"
    portance("grade", "run", "--criteria", "other", cwd=run.parent)
    assert {"trust.other-charter", "trust.ministry-charter"} & set(judged(run)) == {"trust.other-charter"}
    kept = next((run / "criteria").glob("*/"))
    portance("grade", "run", "--criteria", str(kept), cwd=run.parent)
    assert "trust.other-charter" in judged(run), "what a run keeps can be given to it again"


@pytest.mark.parametrize("harm", ["changed", "added", "removed", "unlisted"])
def test_kept_criteria_that_are_not_what_they_were_are_refused(run: Path, harm: str) -> None:
    file = next((run / "criteria").glob("*/own.toml"))
    match harm:
        case "changed":
            file.write_text(OWN.replace("blocking = true", "blocking = false"), encoding="utf-8")
        case "added":
            (file.parent / "more.toml").write_text(STRICTER, encoding="utf-8")
        case "removed":
            file.unlink()
        case _:
            (file.parents[1] / "SHA256SUMS").unlink()
    with pytest.raises(CommandError, match="is not what this run was graded with"):
        grade_run(Run(run), date(2030, 1, 1))


def test_kept_criteria_as_they_were_are_read(run: Path) -> None:
    assert "trust.ministry-charter" in {j.criterion.id for j in grade_run(Run(run), date(2030, 1, 1)).judged}


@pytest.mark.parametrize("command", ["run", "grade", "gate", "report", "criteria"])
def test_own_criteria_that_ask_less_are_refused_by_every_command(poc: Path, portance: Portance, command: str) -> None:
    (poc / "lax").mkdir()
    (poc / "lax" / "own.toml").write_text(LOOSER, encoding="utf-8")
    folder = poc / "runs" / "latest"
    if command in ("grade", "gate", "report"):
        folder.mkdir(parents=True)
        shutil.copy(poc / "portance.toml", folder)
    result = portance(command, "--criteria", "lax", cwd=poc)
    assert result.returncode == 2
    assert result.stderr == (
        "portance: own.toml: security.code-high: would no longer block in the tier 'experiment'; "
        "own criteria may ask more, never less\n"
    )
    assert command != "run" or not (poc / "runs").exists(), "nothing was started"


def test_the_lint_says_what_is_wrong_and_exits_1_and_what_cannot_be_read_exits_2(
    poc: Path, own: Path, portance: Portance
) -> None:
    broken = OWN.replace("Charte numérique du ministère, 2026, article 3", "field practice")
    (own / "own.toml").write_text(broken, encoding="utf-8")
    wrong = portance("criteria", "--lint", "--criteria", "ministry", "--json", cwd=poc)
    assert wrong.returncode == 1
    found = {(p["criterion"], p["rule"]) for p in json.loads(wrong.stdout)["problems"]}
    assert ("trust.ministry-charter", "source") in found
    (own / "own.toml").write_text("[[criteria]\n", encoding="utf-8")
    assert portance("criteria", "--lint", "--criteria", "ministry", cwd=poc).returncode == 2


def test_the_lint_of_a_sound_catalogue_exits_0(portance: Portance, tmp_path: Path) -> None:
    sound = portance("criteria", "--lint", cwd=tmp_path)
    assert (sound.returncode, sound.stdout.endswith(" criteria, 0 problems\n")) == (0, True), sound.stdout


def test_criteria_are_chosen_by_what_they_are(shipped: tuple[Criterion, ...]) -> None:
    def ids(**what: Any) -> set[str]:
        return {c.id for c in chosen(shipped, **what)}

    trust = chosen(shipped, domains=[Domain.TRUST], basis="declared", kind="predictive-algorithm")
    assert {(c.domain, c.basis) for c in trust} == {(Domain.TRUST, "declared")}
    assert "trust.human-decides" in {c.id for c in trust}
    assert "trust.human-decides" not in ids(kind="api")
    assert ids() == {c.id for c in shipped}
    assert ids(tier="national", blocking=True) - ids(tier="local", blocking=True) == {
        "resilience.recovers-from-overload",
        "security.homologation", "trust.dpia", "trust.human-decides", "trust.bias-evaluated",
    }  # fmt: skip


def test_the_command_takes_each_choice(portance: Portance, tmp_path: Path) -> None:
    result = portance(
        "criteria", "--domain", "trust", "--domain", "change", "--basis", "declared", "--kind", "predictive-algorithm",
        "--tier", "local", "--blocking", "--json", cwd=tmp_path,
    )  # fmt: skip
    assert [c["id"] for c in json.loads(result.stdout)] == ["trust.decision-mention"]


@pytest.mark.parametrize(("lang", "word"), [("en", "criteria, "), ("fr", "critères, dont ")])
def test_off_a_terminal_the_table_has_a_line_a_criterion(
    shipped: tuple[Criterion, ...], portance: Portance, tmp_path: Path, lang: str, word: str
) -> None:
    lines = portance("criteria", "--domain", "security", "--lang", lang, cwd=tmp_path).stdout.splitlines()
    ids = [c.id for c in shipped if c.domain is Domain.SECURITY]
    assert [line.split()[0] for line in lines if line.startswith("security.")] == ids
    assert word in lines[-1]


def test_a_narrow_screen_cuts_no_identifier(shipped: tuple[Criterion, ...]) -> None:
    screen = Console(width=80, file=io.StringIO(), record=True)
    screen.print(table(shipped, "fr", 80))
    assert {c.id for c in shipped} <= set(screen.export_text().split())


def test_explain_knows_the_tier_of_the_project_and_own_criteria(poc: Path, own: Path, portance: Portance) -> None:
    local = portance("explain", "security.cyber-index", cwd=poc).stdout
    assert "at least 3/5" in local
    assert "at least 4/5" not in local
    charter = portance("explain", "trust.ministry-charter", "--criteria", "ministry", cwd=poc).stdout
    assert "The charter is signed" in charter


def test_explain_without_a_project_names_every_tier(shipped: tuple[Criterion, ...]) -> None:
    known = {c.id: explanation(c, None, "en") for c in shipped}
    assert [f"at least {least}/5" in known["security.cyber-index"] for least in (2, 3, 4)] == [True] * 3
    assert "yes, national service" in known["trust.dpia"]
