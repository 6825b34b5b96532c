"""The reports that machines read: json, junit, and the Markdown of a job summary."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from datetime import timedelta
from importlib import resources

import jsonschema
import pytest

from scorecard.evidence import Text
from scorecard.grading import grade
from scorecard.project import Waiver
from scorecard.reports import json_report, junit, markdown
from scorecard.scorecard import Scorecard


@pytest.fixture(scope="module")
def card(project, criterion, evidence, fact, today) -> Scorecard:
    criteria = [
        criterion("users", fact="load.users_held", unit="users", better="higher", use="low", blocking=True,
                  **{"pass": {"of": "project.users"}}),
        criterion("slow", warn=0.8),
        criterion("waived"),
        criterion("unseen", domain="security"),
        criterion("other", kinds=["api"]),
        criterion("fine"),
    ]  # fmt: skip
    facts = [
        fact("load.users_held", 210_000, "users", low=182_437, high=240_900),
        fact("load.slow", 0.5),
        fact("load.waived", 9, detail="GET /a|b \x1b[31m<script>alert(1)</script>\n# not a title"),
        fact("load.fine", 0.1),
    ]
    waiver = Waiver(criterion="waived", reason="mended in January", approver="CIO", expires=today + timedelta(days=9))
    return grade(project, criteria, [evidence(facts)], [waiver], today)


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_json_report_keeps_to_its_schema(card, lang):
    schema = json.loads((resources.files("scorecard.schemas") / "scorecard.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    document = json.loads(json_report.render(card, lang))
    validator.validate(document)
    document["decision"] = "maybe"
    assert not validator.is_valid(document)  # the control


def test_the_json_report_holds_what_the_contract_promises(card):
    document = json.loads(json_report.render(card, "en"))
    assert document["schema"] == "portance/scorecard/1"
    assert document["project"] == {
        "name": "Aid", "kind": "online-procedure", "users": 300_000, "agents": 3_000, "tier": "national",
        "file": "portance.toml", "code": ".", "address": None,
    }  # fmt: skip
    assert document["decision"] == "no_go"
    assert set(document["grade"]) >= {"low", "high"}
    assert document["capacity"]["users_low"] == 182_437
    assert {d["id"] for d in document["domains"]} >= {"capacity", "user-service"}
    by_id = {c["id"]: c for c in document["criteria"]}
    assert by_id["slow"]["verdict"] == "warn"
    assert by_id["slow"]["value"] == 0.5
    assert by_id["slow"]["evidence"] == ["load.json#/facts/1"]
    assert by_id["unseen"]["value"] is None
    assert by_id["waived"]["waiver"] == "Accepted until 1 December 2026 by CIO: mended in January"
    assert document["evidence"][0]["digest"].startswith("sha256:")


def test_regrading_gives_the_same_bytes(card):
    again = Scorecard.model_validate_json(card.model_dump_json(by_alias=True), strict=False)
    for render in (json_report.render, junit.render, markdown.render):
        assert render(card, "fr") == render(again, "fr")
    assert list(json.loads(json_report.render(card, "en")))[:3] == ["schema", "lang", "project"]


def test_junit_maps_every_verdict_and_survives_control_characters(card):
    root = ET.fromstring(junit.render(card, "en"))  # noqa: S314 (our own output)
    assert (root.get("tests"), root.get("failures"), root.get("errors"), root.get("skipped")) == ("6", "1", "1", "2")
    outcome = {
        case.get("name"): [child.tag for child in case if child.tag != "properties"] for case in root.iter("testcase")
    }
    assert outcome == {
        "users": ["failure"],
        "slow": ["system-out"],
        "waived": ["skipped"],
        "unseen": ["error"],
        "other": ["skipped"],
        "fine": [],
    }
    failure = next(root.iter("failure"))
    assert failure.get("message", "").startswith("182,000\u00a0users")
    assert failure.text == "mend users"
    assert {suite.get("name") for suite in root.iter("testsuite")} == {"capacity", "security"}


def test_markdown_says_the_decision_first_then_the_blockers(card):
    words = markdown.render(card, "en")
    lines = words.splitlines()
    assert lines[0] == "# Aid: No go"
    assert lines[2].startswith("**No go today: it holds 182,000 to 240,000 of 300,000")
    assert words.index("## What blocks") < words.index("## By domain") < words.index("## What is not known")
    assert "unknown: **unseen holds**" in words
    assert "script" not in words  # details of tools stay in the JSON
    french = markdown.render(card, "fr")
    assert french.startswith("# Aid\u00a0: Pas de feu vert")
    assert "## Ce que l’on ne sait pas" in french


def test_markdown_lets_no_markup_of_a_tool_through(card, project, criterion, evidence, fact, today):
    nasty = "no answer from GET /a|b <script>alert(1)</script>\n# not a title"
    bad = criterion("bad", blocking=True)
    unseen = fact("load.bad", None, reason=Text(en=nasty, fr=nasty))
    words = markdown.render(grade(project, [bad], [evidence([unseen])], (), today), "en")
    assert "\\<script\\>" in words
    assert "<script>" not in words
    assert "\n# not a title" not in words
