"""Findings against those of an earlier run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scorecard.evidence import Evidence, Finding, Provenance, Severity, Status, Text
from scorecard.findings.baseline import State, compared, not_looked_again


def finding(location: str, cwe: str = "CWE-89", severity: Severity = Severity.HIGH, **more: str) -> Finding:
    return Finding(category="code", rule="r", severity=severity, location=location, message="m", cwe=cwe, **more)


def evidence(name: str, *findings: Finding, status: Status = Status.COMPLETED) -> Evidence:
    why = None if status is Status.COMPLETED else Text(en="half", fr="moitié")
    seen = Provenance.since(datetime.now(UTC), tool="t", version="1")
    return Evidence(
        name=name, collector="security", project="p", status=status, reason=why, provenance=seen, findings=findings
    )


def test_findings_are_new_unchanged_or_absent_by_their_fingerprint():
    old, gone, new = (finding("a.py:1", fingerprint=f"sha256:{name}") for name in ("old", "gone", "new"))
    moved = old.model_copy(update={"location": "a.py:9"})
    states = compared([evidence("code", moved, new)], [evidence("code", old, gone)])
    assert [(one.finding.fingerprint[7:], one.state) for one in states] == [
        ("old", State.UNCHANGED),
        ("new", State.NEW),
        ("gone", State.ABSENT),
    ]


@pytest.mark.parametrize("status", [Status.DEGRADED])
def test_what_was_not_looked_at_again_is_not_absent(status):
    gone = finding("a.py:1", fingerprint="sha256:gone")
    assert compared([evidence("code", status=status)], [evidence("code", gone)]) == ()
    assert compared([], [evidence("code", gone)]) == ()


def test_findings_without_a_fingerprint_are_not_all_the_same():
    old, new = finding("a.py:1"), finding("a.py:2")
    states = compared([evidence("code", old, new)], [evidence("code", old)])
    assert [one.state for one in states] == [State.UNCHANGED, State.NEW]


def test_what_was_not_scanned_again_is_named():
    before = [evidence("code"), evidence("secrets"), evidence("half", status=Status.DEGRADED)]
    assert not_looked_again(before, before) == ()
    now = [evidence("code"), evidence("secrets", status=Status.DEGRADED)]
    assert not_looked_again(now, before) == ("secrets", "half")
    load = evidence("load").model_copy(update={"collector": "loadtests.load"})
    assert not_looked_again([], [load]) == ()
