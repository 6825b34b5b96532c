"""JUnit XML of another test tool."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from scorecard.bridges.documents import moment, xml_document
from scorecard.bridges.foreign import BridgeError, Foreign, Reading
from scorecard.evidence import Finding, Severity, Text, Unit

MOST_FINDINGS = 500


def read(content: bytes) -> Foreign:
    """Tests, failures, errors and skipped ones, counted from the cases themselves; messages are not kept.

    A suite whose ``tests`` attribute differs from the cases that follow was cut short or edited: that is a gap.

    Raises:
        BridgeError: not such a file.
    """
    root = xml_document(content)
    if root.tag not in ("testsuites", "testsuite"):
        raise BridgeError(
            Text(
                en=f"no JUnit report: its root is <{root.tag}>", fr=f"pas un rapport JUnit : sa racine est <{root.tag}>"
            )
        )
    cases = list(root.iter("testcase"))
    failed = [c for c in cases if c.find("failure") is not None]
    errors = [c for c in cases if c.find("error") is not None]
    skipped = [c for c in cases if c.find("skipped") is not None]
    suites = list(root.iter("testsuite"))
    counts = (("tests", len(cases)), ("failed", len(failed)), ("errors", len(errors)), ("skipped", len(skipped)))
    nothing = Text(en="the report lists no test that ran", fr="le rapport ne liste aucun test exécuté")
    ran = len(cases) > len(skipped)
    return Foreign(
        tool=next((s.get("name", "") for s in suites if s.get("name")), "") or "JUnit",
        readings=tuple(
            Reading(
                name, Unit.COUNT, count if ran or name == "tests" else None, None if ran or name == "tests" else nothing
            )
            for name, count in counts
        ),
        findings=tuple(_finding(case) for case in [*failed, *errors][:MOST_FINDINGS]),
        observed=max((m for s in suites if (m := moment(s.get("timestamp"))) is not None), default=None),
        duration_s=sum(_seconds(case) for case in cases),
        gaps=tuple(
            _cut_short(suite) for suite in suites if _announced(suite) not in (None, len(suite.findall("testcase")))
        ),
    )


def _announced(suite: Element) -> int | None:
    said = suite.get("tests", "")
    # A suite may hold suites, and then counts theirs.
    return int(said) if said.isdigit() and suite.find("testsuite") is None else None


def _cut_short(suite: Element) -> Text:
    name, said, found = suite.get("name", ""), suite.get("tests", ""), len(suite.findall("testcase"))
    return Text(
        en=f"suite {name!r} says {said} tests and lists {found}",
        fr=f"la suite {name!r} annonce {said} tests et en liste {found}",
    )


def _seconds(case: Element) -> float:
    try:
        value = float(case.get("time", "0").replace(",", ""))
    except ValueError:
        return 0.0
    return value if 0 <= value < float("inf") else 0.0


def _finding(case: Element) -> Finding:
    where = case.get("file", "") or case.get("classname", "")
    line = case.get("line", "")
    name = case.get("name", "")[:200]
    return Finding(
        category="test",
        rule="test-failed" if case.find("failure") is not None else "test-error",
        severity=Severity.MEDIUM,
        location=f"{where}:{line}" if line.isdigit() else where,
        message=name,
    )
