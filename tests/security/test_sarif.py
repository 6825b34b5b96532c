"""SARIF of any tool: levels where a tool leaves them out, places, and what is no SARIF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scorecard.evidence import Severity
from security import sarif
from security.sarif import Level, SarifError


def document(
    *results: dict[str, Any], rules: tuple[dict[str, Any], ...] = (), run: dict[str, Any] | None = None
) -> bytes:
    tool = {"driver": {"name": "atool", "rules": list(rules)}}
    return json.dumps({"version": "2.1.0", "runs": [{"tool": tool, "results": list(results), **(run or {})}]}).encode()


def one(result: dict[str, Any], **more: Any) -> sarif.Result:
    (found,) = sarif.read(document({"message": {"text": "said"}, **result}, **more))
    return found


ERROR_RULE = {"id": "R1", "defaultConfiguration": {"level": "error"}, "properties": {"security-severity": "9.8"}}


@pytest.mark.parametrize(
    ("result", "level"),
    [
        ({"level": "note"}, Level.NOTE),
        ({"ruleId": "R1", "level": "note"}, Level.NOTE),
        ({"ruleId": "R1"}, Level.ERROR),
        ({"ruleId": "R1/part"}, Level.ERROR),
        ({"ruleIndex": 0}, Level.ERROR),
        ({"rule": {"index": 0}}, Level.ERROR),
        ({"ruleId": "unlisted"}, Level.WARNING),
        ({}, Level.WARNING),
        ({"kind": "fail"}, Level.WARNING),
        ({"kind": "pass", "level": "error"}, Level.NONE),
        ({"kind": "informational"}, Level.NONE),
    ],
)
def test_a_level_left_out_is_that_of_the_rule_or_warning(result, level):
    assert one(result, rules=(ERROR_RULE,)).level is level


def test_the_configuration_of_the_run_stands_above_the_rule():
    override = {"descriptor": {"id": "R1"}, "configuration": {"level": "note"}}
    run = {"invocations": [{"executionSuccessful": True, "ruleConfigurationOverrides": [override]}]}
    assert one({"ruleId": "R1"}, rules=(ERROR_RULE,), run=run).level is Level.NOTE
    assert one({"ruleId": "R1", "level": "error"}, rules=(ERROR_RULE,), run=run).level is Level.ERROR


def test_a_rule_of_an_extension_is_found():
    run = {"tool": {"driver": {"name": "atool"}, "extensions": [{"name": "more", "rules": [ERROR_RULE]}]}}
    found = one({"rule": {"id": "R1", "index": 0, "toolComponent": {"index": 0}}}, run=run)
    assert (found.rule, found.level) == ("R1", Level.ERROR)


@pytest.mark.parametrize(
    ("score", "severity"),
    [("9.8", "critical"), ("9.0", "critical"), ("7.0", "high"), ("4.0", "medium"), ("0.1", "low"), ("0.0", "none")],
)
def test_the_number_of_the_tool_decides_the_severity(score, severity):
    assert one({"level": "note", "properties": {"security-severity": score}}).severity is Severity(severity)


@pytest.mark.parametrize("score", ["high", "NaN", "11", None])
def test_a_number_that_is_none_leaves_it_to_the_level(score):
    assert one({"level": "error", "properties": {"security-severity": score}}).severity is Severity.HIGH


def test_places_are_relative_to_the_root_and_decoded(tmp_path):
    def placed(artifact: dict[str, Any]) -> sarif.Result:
        location = {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": 7}}}
        run = {"artifacts": [{"location": {"uri": "by%20index.py"}}]}
        (found,) = sarif.read(document({"message": {}, "locations": [location]}, run=run), root=tmp_path)
        return found

    assert (placed({"uri": (tmp_path / "a b.py").as_uri()}).path, placed({"uri": "x"}).line) == ("a b.py", 7)
    assert placed({"uri": "./src/é.py"}).path == "src/é.py"
    assert placed({"index": 0}).path == "by index.py"
    assert placed({"uri": "file:///elsewhere/x.py"}).path == "/elsewhere/x.py"
    assert one({}).path == ""
    assert one({"locations": []}).line is None


def test_messages_by_reference_are_put_together():
    rule = {"id": "R1", "messageStrings": {"m": {"text": "{0} calls {1}"}}, "shortDescription": {"text": "short"}}
    assert one({"ruleId": "R1", "message": {"id": "m", "arguments": ["a", "b"]}}, rules=(rule,)).message == "a calls b"
    assert one({"ruleId": "R1", "message": {"id": "other"}}, rules=(rule,)).message == "short"


def test_only_an_accepted_suppression_is_one():
    assert one({"suppressions": [{"kind": "inSource"}]}).suppressed
    assert not one({"suppressions": [{"kind": "external", "status": "rejected"}]}).suppressed
    assert not one({"suppressions": None}).suppressed


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b"[]",
        b'{"version": "2.1.0"}',
        b'{"version": "1.0.0", "runs": []}',
        b'{"version": "2.1.0", "runs": [{}]}',
        document({"level": "fatal", "message": {}}),
        document({"ruleIndex": 4, "message": {}}),
        document("no result"),
        document(run={"invocations": [{"executionSuccessful": False}]}),
        b"\xff\xfe",
    ],
)
def test_what_is_no_sarif_or_of_a_failed_run_is_refused_in_one_line(content):
    with pytest.raises(SarifError) as raised:
        sarif.read(content)
    assert "\n" not in str(raised.value)


def test_results_of_all_runs_are_read():
    both = json.loads(document({"message": {"text": "a"}}))
    both["runs"] += json.loads(document({"message": {"text": "b"}}))["runs"]
    assert [found.message for found in sarif.read(json.dumps(both).encode(), root=Path("/"))] == ["a", "b"]
