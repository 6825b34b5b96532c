"""The scorecard as JUnit XML: one test case a criterion, so that any CI shows it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import assert_never

from scorecard.reports.characters import for_xml
from scorecard.scorecard import DomainResult, Judged, Scorecard, Verdict


def render(card: Scorecard, lang: str) -> str:
    """``card`` as JUnit XML in ``lang``: fail is a failure, unknown an error, waived and not applicable are skipped.

    A warning passes, with its reason as the output of the test case.
    """
    root = ET.Element("testsuites", {"name": for_xml(card.project.name), **_counts(card.judged)})
    for domain in (d for d in card.domains if d.judged):
        root.append(_suite(domain, card, lang))
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(domain: DomainResult, card: Scorecard, lang: str) -> ET.Element:
    suite = ET.Element(
        "testsuite",
        {"name": domain.id.value, **_counts(domain.judged), "timestamp": f"{card.graded_on.isoformat()}T00:00:00"},
    )
    grade = domain.grade
    properties = {
        "decision": card.decision.value,
        "decision_reason": card.decision_reason.in_(lang),
        "grade.low": card.grade.low,
        "grade.high": card.grade.high,
        "domain.grade.low": "" if grade is None else grade.low,
        "domain.grade.high": "" if grade is None else grade.high,
    }
    _add_properties(suite, properties)
    for judged in domain.judged:
        suite.append(_case(judged, lang))
    return suite


def _case(judged: Judged, lang: str) -> ET.Element:
    criterion, reason = judged.criterion, for_xml(judged.reason.in_(lang))
    case = ET.Element(
        "testcase", {"classname": f"portance.{criterion.domain.value}", "name": f"{criterion.id}", "time": "0"}
    )
    _add_properties(
        case,
        {
            "title": criterion.title.in_(lang),
            "threshold": judged.threshold.in_(lang),
            "basis": criterion.basis,
            "blocking": "true" if criterion.blocking else "false",
            "source": criterion.source.in_(lang),
        },
    )
    match judged.verdict:
        case Verdict.PASS:
            pass
        case Verdict.WARN:
            ET.SubElement(case, "system-out").text = reason
        case Verdict.FAIL:
            failure = ET.SubElement(case, "failure", {"message": reason, "type": judged.verdict.value})
            failure.text = for_xml(criterion.remedy.in_(lang))
        case Verdict.UNKNOWN:
            ET.SubElement(case, "error", {"message": reason, "type": judged.verdict.value})
        case Verdict.WAIVED | Verdict.NOT_APPLICABLE:
            ET.SubElement(case, "skipped", {"message": reason})
        case _:
            assert_never(judged.verdict)
    return case


def _counts(judged: Sequence[Judged]) -> dict[str, str]:
    verdicts = [j.verdict for j in judged]
    skipped = verdicts.count(Verdict.WAIVED) + verdicts.count(Verdict.NOT_APPLICABLE)
    return {
        "tests": str(len(verdicts)),
        "failures": str(verdicts.count(Verdict.FAIL)),
        "errors": str(verdicts.count(Verdict.UNKNOWN)),
        "skipped": str(skipped),
        "time": "0",
    }


def _add_properties(element: ET.Element, values: dict[str, str]) -> None:
    properties = ET.SubElement(element, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", {"name": name, "value": for_xml(value)})
