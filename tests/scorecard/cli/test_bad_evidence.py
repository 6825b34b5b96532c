"""Evidence and waivers that cannot be trusted, given to the program: refused or unknown, with what is wrong named."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scorecard import evidence
from scorecard.criteria import catalogue
from scorecard.evidence import Evidence

TODAY = datetime.now(UTC).date()
READS = {c.id: c.evidence for c in catalogue()}


@pytest.fixture
def run(judged_run):
    return judged_run(kind="online-procedure")


@pytest.fixture
def graded(inside):
    """What the program makes of a run folder: its exit code and the scorecard it wrote."""

    def make(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
        said = inside("grade", str(folder), "--json", *arguments)
        return said.returncode, json.loads(said.stdout)

    return make


def resealed(folder: Path, name: str, **changes: Any) -> None:
    """Change evidence as somebody would who knows how to seal it again."""
    seen = evidence.read(folder / "evidence" / f"{name}.json")
    evidence.write(Evidence.model_validate({**dict(seen), **changes}), folder / "evidence")


def unknown(document: dict[str, Any], name: str) -> list[str]:
    """The reasons of the questions that read ``name`` and are unknown; none of them may be anything else."""
    asked = [c for c in document["criteria"] if c["verdict"] != "not_applicable" and READS[c["id"]] == name]
    assert asked
    assert {c["verdict"] for c in asked} == {"unknown"}, {c["id"]: c["verdict"] for c in asked}
    return [c["reason"] for c in asked]


def test_the_control_nothing_is_wrong_with_the_run(run, graded):
    code, document = graded(run)
    assert (code, document["decision"], document["problems"]) == (0, "go", [])


def edited(file: Path) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    fact = next(f for f in content["facts"] if f["id"] == "load.users_held")
    fact["value"] = fact["value"] + 1
    file.write_text(json.dumps(content), encoding="utf-8")


def of_another_version(file: Path) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, "schema": "portance/evidence/2"}), encoding="utf-8")


def cut_short(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def not_a_number(file: Path) -> None:
    content = file.read_text(encoding="utf-8")
    file.write_text(content.replace('"value":0.9', '"value":NaN', 1).replace('"value": 0.9', '"value": NaN', 1))
    if "NaN" not in file.read_text(encoding="utf-8"):
        content = json.loads(content)
        content["facts"][0]["value"] = float("nan")
        file.write_text(json.dumps(content), encoding="utf-8")


def a_number_in_words(file: Path) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    content["facts"][0]["value"] = "many"
    file.write_text(json.dumps(content), encoding="utf-8")


def with_a_key_nobody_knows(file: Path) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, "verdict": "pass"}), encoding="utf-8")


def without_digest(file: Path) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, "digest": ""}), encoding="utf-8")


def a_list(file: Path) -> None:
    file.write_text("[]", encoding="utf-8")


def nested_without_end(file: Path) -> None:
    file.write_text("[" * 200_000, encoding="utf-8")


def a_number_without_end(file: Path) -> None:
    file.write_text('{"schema": ' + "9" * 6_000 + "}", encoding="utf-8")


def not_text(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (edited, "load.json: the digest does not match, the file was changed after the run"),
        (without_digest, "load.json: the digest does not match"),
        (of_another_version, "load.json: schema is 'portance/evidence/2', this version reads 'portance/evidence/1'"),
        (cut_short, "load.json: not valid JSON, cut short at line"),
        (not_a_number, "load.json: facts.0"),
        (a_number_in_words, "load.json: facts.0"),
        (with_a_key_nobody_knows, "load.json: verdict: Extra inputs are not permitted"),
        (a_list, "load.json: schema is None"),
        (nested_without_end, "load.json: not the JSON of evidence"),
        (a_number_without_end, "load.json: not the JSON of evidence"),
        (not_text, "load.json: cannot be read"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_named_and_all_it_answered_is_unknown(run, graded, spoil, says):
    spoil(run / "evidence" / "load.json")
    code, document = graded(run)
    assert (code, document["decision"]) == (2, "undetermined")
    assert any(says in problem for problem in document["problems"]), document["problems"]
    unknown(document, "load")
    assert "load" not in {e["name"] for e in document["evidence"]}


def test_evidence_of_another_project_answers_nothing(run, graded):
    resealed(run, "load", project="Elsewhere")
    code, document = graded(run)
    assert (code, document["decision"]) == (2, "undetermined")
    assert set(unknown(document, "load")) == {"The evidence “load” is of another project, “Elsewhere”."}


def test_evidence_from_the_future_answers_nothing(run, graded):
    seen = evidence.read(run / "evidence" / "load.json")
    assert seen.provenance is not None
    later = seen.provenance.model_copy(update={"started": seen.provenance.started + timedelta(days=2)})
    resealed(run, "load", provenance=later)
    code, document = graded(run)
    assert (code, document["decision"]) == (2, "undetermined")
    assert all("in the future" in reason for reason in unknown(document, "load"))
    assert graded(run, "--on", (TODAY + timedelta(days=2)).isoformat())[0] == 0  # the control: its day has come


def test_doubled_evidence_answers_nothing(run, graded):
    shutil.copy(run / "evidence" / "load.json", run / "evidence" / "load-again.json")
    code, document = graded(run)
    assert (code, document["decision"]) == (2, "undetermined")
    assert all("stands 2 times" in reason for reason in unknown(document, "load"))


def test_a_doubled_fact_answers_nothing(run, graded):
    seen = evidence.read(run / "evidence" / "load.json")
    held = next(f for f in seen.facts if f.id == "load.users_held")
    better = held.model_copy(update={"value": 9e9, "low": 9e9, "high": 9e9})
    resealed(run, "load", facts=(*seen.facts, better))
    code, document = graded(run)
    found = {c["id"]: c for c in document["criteria"]}["capacity.population"]
    assert (code, found["verdict"], "stands 2 times" in found["reason"]) == (2, "unknown", True)


def test_a_fact_smuggled_into_other_evidence_doubles_it(run, graded):
    held = next(f for f in evidence.read(run / "evidence" / "load.json").facts if f.id == "load.users_held")
    seen = evidence.read(run / "evidence" / "code.json")
    resealed(run, "code", facts=(*seen.facts, held))
    _, document = graded(run)
    assert {c["id"]: c["verdict"] for c in document["criteria"]}["capacity.population"] == "unknown"


def test_a_declaration_smuggled_among_measurements_is_no_answer(run, graded):
    declared = evidence.read(run / "evidence" / "declarations.json")
    (run / "evidence" / "declarations.json").unlink()
    resealed(run, "code", facts=(*evidence.read(run / "evidence" / "code.json").facts, *declared.facts))
    _, document = graded(run)
    unknown(document, "declarations")


def test_too_old_evidence_says_how_old(run, graded):
    code, document = graded(run, "--on", (TODAY + timedelta(days=31)).isoformat())
    assert (code, document["decision"]) == (2, "undetermined")
    assert all("31 days ago; it counts for 30 days" in reason for reason in unknown(document, "load"))
    last = graded(run, "--on", (TODAY + timedelta(days=30)).isoformat())[1]
    assert (last["decision"], last["validity"]["until"]) == ("go", (TODAY + timedelta(days=30)).isoformat())


WAIVER = (
    '[[waivers]]\ncriterion = "{0}"\nreason = "mended in January, see ticket 12"\napprover = "{1}"\nexpires = {2}\n'
)


@pytest.mark.parametrize(
    ("waiver", "says"),
    [
        (WAIVER.format("security.code-high", "CISO", TODAY - timedelta(days=1)), "expired on"),
        (WAIVER.format("security.no-such-thing", "CISO", TODAY), "there is no such criterion"),
    ],
)
def test_a_waiver_that_covers_nothing_is_listed_and_covers_nothing(judged_run, graded, waiver, says):
    folder = judged_run(kind="online-procedure", toml=waiver, worse={"security.code_high": 2})
    code, document = graded(folder)
    assert (code, document["decision"]) == (1, "no_go")
    assert any(says in problem for problem in document["problems"])
    covered = judged_run(
        kind="online-procedure",
        toml=WAIVER.format("security.code-high", "CISO", TODAY),
        worse={"security.code_high": 2},
    )
    assert graded(covered)[0] == 0  # the control: until its day, and for a question that exists, it counts


@pytest.mark.parametrize(
    ("waiver", "says"),
    [
        (WAIVER.format("security.code-high", "", TODAY), "waivers[1].approver"),
        (WAIVER.format("security.code-high", "CISO", TODAY).replace('approver = "CISO"\n', ""), "waivers[1].approver"),
        (WAIVER.format("security.code-high", "CISO", '"soon"'), "waivers[1].expires"),
        (
            WAIVER.format("security.code-high", "CISO", TODAY).replace("mended in January, see ticket 12", "-"),
            "waivers[1].reason",
        ),
        (WAIVER.format("security.code-high", "CISO", TODAY) * 2, "security.code-high stands twice"),
    ],
)
@pytest.mark.parametrize("command", ["grade", "gate"])
def test_a_waiver_with_a_hole_is_refused_by_its_place(judged_run, inside, waiver, says, command):
    folder = judged_run(kind="online-procedure", worse={"security.code_high": 2})
    with (folder / "portance.toml").open("a", encoding="utf-8") as file:
        file.write(waiver)
    said = inside(command, str(folder))
    assert said.returncode == 2
    assert says in said.stderr
    assert "portance.toml" in said.stderr
