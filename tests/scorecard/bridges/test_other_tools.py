"""JUnit, DashLord and Keptn files of others: read as they are, never better."""

from __future__ import annotations

import json

import pytest

from scorecard.bridges import dashlord, junit, keptn
from scorecard.bridges.foreign import BridgeError, Foreign
from scorecard.evidence import Unit

JUNIT = b"""<?xml version="1.0"?>
<testsuites>
  <testsuite name="pytest" tests="4" failures="1" errors="1" skipped="1" timestamp="2026-11-20T10:00:00+01:00">
    <testcase classname="tests.test_aid" name="files" time="0.5"/>
    <testcase classname="tests.test_aid" name="refuses" file="tests/test_aid.py" line="12" time="0.25">
      <failure message="password=hunter2">secret</failure></testcase>
    <testcase classname="tests.test_aid" name="breaks"><error/></testcase>
    <testcase classname="tests.test_aid" name="later"><skipped/></testcase>
  </testsuite>
</testsuites>"""

SLO = """
spec_version: "1.0"
objectives:
  - sli: response_time_p95
    displayName: "95 % of answers"
    pass: [{criteria: ["<400"]}]
    warning: [{criteria: ["<=500"]}]
    weight: 2
    key_sli: true
  - sli: error_rate
    pass: [{criteria: ["<=0.1"]}]
  - sli: throughput
  - sli: queue_depth
    pass: [{criteria: ["<10"]}]
  - sli: error_rate
    pass: [{criteria: ["<=+10%", "<1"]}]
  - sli: error_rate
    pass: [{criteria: ["<1"]}, {criteria: ["<2"]}]
total_score: {pass: "90%", warning: "75%"}
"""


def of(foreign: Foreign) -> dict[str, object]:
    return {reading.name: reading.value for reading in foreign.readings}


def test_junit_cases_are_counted_and_messages_are_not_kept() -> None:
    foreign = junit.read(JUNIT)
    assert of(foreign) == {"tests": 4, "failed": 1, "errors": 1, "skipped": 1}
    assert [(f.location, f.rule) for f in foreign.findings] == [
        ("tests/test_aid.py:12", "test-failed"),
        ("tests.test_aid", "test-error"),
    ]
    assert "hunter2" not in repr(foreign)
    assert foreign.observed is not None
    assert foreign.observed.isoformat() == "2026-11-20T10:00:00+01:00"
    assert foreign.duration_s == 0.75
    assert foreign.gaps == ()


def test_a_junit_report_without_a_test_that_ran_says_nothing_of_failures() -> None:
    for content in (b"<testsuites/>", b'<testsuite tests="1"><testcase name="a"><skipped/></testcase></testsuite>'):
        found = of(junit.read(content))
        assert found["failed"] is None
        assert found["errors"] is None


def test_a_junit_report_cut_short_is_a_gap() -> None:
    foreign = junit.read(b'<testsuite name="all" tests="9"><testcase name="one"/></testsuite>')
    assert [gap.en for gap in foreign.gaps] == ["suite 'all' says 9 tests and lists 1"]


def test_an_xml_bomb_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><testsuite name="&b;"/>'
    with pytest.raises(BridgeError):
        junit.read(bomb)


def test_dashlord_is_read_for_one_address_and_leaves_gaps_open() -> None:
    report = [
        {"url": "https://a.example/", "summary": {"uptime": 99.1, "httpGrade": "B", "dependabotCount": 3}},
        {"url": "https://b.example", "summary": {}},
    ]
    content = json.dumps(report).encode()
    found = of(dashlord.read(content, "https://a.example"))
    assert (found["uptime"], found["http_grade"], found["vulnerabilities"]) == (0.991, "B", 3)
    assert found["tls_grade"] is None
    assert set(of(dashlord.read(content, "https://b.example")).values()) == {None}
    with pytest.raises(BridgeError, match="2 addresses"):
        dashlord.read(content)
    with pytest.raises(BridgeError, match="is not in it"):
        dashlord.read(content, "https://c.example")


@pytest.mark.parametrize("content", [b"{}", b"[]", b'[{"summary": {}}]', b"no"])
def test_what_is_no_dashlord_report_is_refused(content: bytes) -> None:
    with pytest.raises(BridgeError):
        dashlord.read(content)


def test_an_objective_of_keptn_keeps_its_edge_its_unit_and_its_veto() -> None:
    slo = keptn.read(SLO.encode(), keptn.USUAL)
    first, second = slo.objectives
    assert (first.passes, first.warns, first.better, first.exclusive, first.key) == (0.4, 0.5, "lower", True, True)
    assert first.meaning.unit is Unit.SECOND
    assert first.weight == 2
    assert (second.passes, second.exclusive, second.key) == (0.001, False, False)


def test_what_one_threshold_cannot_say_is_left_out_and_named() -> None:
    slo = keptn.read(SLO.encode(), keptn.USUAL)
    assert [text.en.partition(":")[0] for text in slo.left] == ["throughput", "queue_depth", "error_rate", "error_rate"]


@pytest.mark.parametrize("content", ["", "objectives: 3", "a: [", "objectives: []", "objectives: [{sli: x}]"])
def test_an_slo_file_without_a_usable_objective_is_refused(content: str) -> None:
    with pytest.raises(BridgeError):
        keptn.read(content.encode(), keptn.USUAL)
