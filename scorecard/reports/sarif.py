"""The scorecard as SARIF 2.1.0, so that code hosts show findings and failed criteria beside the code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, assert_never
from urllib.parse import quote

from scorecard.evidence import Evidence, Finding, Severity, Status
from scorecard.findings.baseline import State, compared
from scorecard.findings.groups import Group, is_active, of_evidence
from scorecard.reports.characters import one_line
from scorecard.reports.places import Place, anchor, place
from scorecard.scorecard import Judged, ProjectSummary, Scorecard, Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

SOURCE_ROOT = "SRCROOT"
"""Base of the paths: the root of the repository, where code hosts look for them."""

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.NONE: "none",
}
_SCORES = {Severity.CRITICAL: "9.0", Severity.HIGH: "7.0", Severity.MEDIUM: "4.0", Severity.LOW: "0.1"}
"""Low end of each CVSS 3.1 band (section 5), which code hosts sort by as "security-severity"."""

Json = dict[str, Any]


_MOST_RELATED = 10
"""Places of the same weakness that a result points to; the name of its group finds the others."""


def render(card: Scorecard, lang: str) -> str:
    """``card`` as one SARIF run in ``lang``: all findings, and each criterion that is not met, waived or unknown.

    A failure is of kind "fail", an unknown of kind "open" (not enough was seen to decide): a criterion is left out only
    when it passed or does not apply. Evidence that is not complete is a notification of the run. What the code shows
    and what a request proved of one weakness on one route are results of one group ("portance/group"), each with the
    places of the other kind as its related locations.
    """
    return _document(card, lang, ((f, e, None) for e in card.evidence for f in e.findings))


def render_against(card: Scorecard, lang: str, earlier: Sequence[Evidence]) -> str:
    """The same, each finding with its ``baselineState`` (SARIF 2.1.0, 3.27.24) against the evidence of an earlier run.

    Findings that are gone are results too, of state "absent". Criteria carry no state.
    """
    return _document(card, lang, ((c.finding, c.evidence, c.state) for c in compared(card.evidence, earlier)))


def _document(card: Scorecard, lang: str, findings: Iterable[tuple[Finding, Evidence, State | None]]) -> str:
    described = [*_finding_results(card, findings), *_criterion_results(card, lang)]
    rules = _rules([rule for rule, _ in described])
    places = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [{**result, "ruleIndex": places[result["ruleId"]]} for _, result in described]
    run = {
        "tool": {"driver": {"name": "Portance", "rules": rules}},
        "automationDetails": {"id": "portance/"},
        "invocations": [_invocation(card, lang)],
        "originalUriBaseIds": {SOURCE_ROOT: {"description": {"text": "the root of the repository"}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "project": card.project.name,
            "gradedOn": card.graded_on.isoformat(),
            "decision": card.decision.value,
            "decisionReason": card.decision_reason.in_(lang),
            "gradeLow": card.grade.low,
            "gradeHigh": card.grade.high,
        },
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=True, indent=1) + "\n"


def _finding_results(
    card: Scorecard, findings: Iterable[tuple[Finding, Evidence, State | None]]
) -> Iterator[tuple[Json, Json]]:
    groups = {id(finding): group for group in of_evidence(card.evidence) for finding in group.findings}
    for finding, evidence, state in findings:
        result = _finding_result(finding, evidence, card)
        if state is not None:
            result["baselineState"] = state.value
        yield _finding_rule(finding), result | _together(finding, groups, result, card)


def _together(finding: Finding, groups: Mapping[int, Group], result: Json, card: Scorecard) -> Json:
    """What joins a result to the others of its group, where the code shows the weakness and a request proved it."""
    group = groups.get(id(finding))
    if group is None or not group.confirmed:
        return {}
    others = [one for one in group.findings if is_active(one) is not is_active(finding)]
    related = [
        _location(place(one.location, card.project), card.project) | {"id": number, "message": {"text": _said(one)}}
        for number, one in enumerate(others[:_MOST_RELATED], start=1)
    ]
    named = {"portance/group": one_line(f"{group.place} {group.weakness}")}
    return {"properties": result["properties"] | named, "relatedLocations": related}


def _finding_rule(finding: Finding) -> Json:
    tags = [tag for tag in (finding.category, finding.cwe, finding.asvs and f"ASVS {finding.asvs}") if tag]
    if finding.cwe.startswith("CWE-"):
        tags.append(f"external/cwe/{finding.cwe.lower()}")
    properties: Json = {"tags": tags}
    if finding.severity in _SCORES:
        properties["security-severity"] = _SCORES[finding.severity]
    text = one_line(finding.remedy) or one_line(finding.message)
    return {
        "id": _rule_id(finding),
        "shortDescription": {"text": one_line(finding.rule)},
        "help": {"text": text},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": properties,
    }


def _finding_result(finding: Finding, evidence: Evidence, card: Scorecard) -> Json:
    result: Json = {
        "ruleId": _rule_id(finding),
        "kind": "informational" if finding.severity is Severity.NONE else "fail",
        "level": _LEVELS[finding.severity],
        "message": {"text": _said(finding)},
        "locations": [_location(place(finding.location, card.project), card.project)],
        "properties": {
            "evidence": f"{evidence.name}.json",
            "tool": "" if evidence.provenance is None else evidence.provenance.tool,
            "severity": finding.severity.value,
            "toolSeverity": finding.tool_severity,
            "confidence": finding.confidence,
            "cwe": finding.cwe,
            "asvs": finding.asvs,
        },
    }
    if finding.fingerprint:
        result["fingerprints"] = {"portance/v1": finding.fingerprint}
        result["partialFingerprints"] = {"portance/v1": finding.fingerprint}
    set_aside = finding.suppression
    if set_aside is not None:
        ended = set_aside.expiry is not None and set_aside.expiry < card.graded_on
        result["suppressions"] = [
            {
                "kind": "external",
                "status": "rejected" if ended else "accepted",
                "justification": one_line(set_aside.reason),
                "properties": {
                    "owner": set_aside.owner,
                    "expiry": None if set_aside.expiry is None else set_aside.expiry.isoformat(),
                },
            }
        ]
    return result


def _criterion_results(card: Scorecard, lang: str) -> Iterator[tuple[Json, Json]]:
    for judged in card.judged:
        standing = _standing(judged)
        if standing is not None:
            yield _criterion_rule(judged, lang), _criterion_result(judged, *standing, card.project, lang)


def _standing(judged: Judged) -> tuple[str, str] | None:
    """Kind and level of a criterion; None for one that is met or does not apply. An open result has no level."""
    match judged.verdict:
        case Verdict.FAIL:
            return "fail", "error" if judged.criterion.blocking else "warning"
        case Verdict.WAIVED:
            return "fail", "warning"
        case Verdict.WARN:
            return "fail", "note"
        case Verdict.UNKNOWN:
            return "open", "none"
        case Verdict.PASS | Verdict.NOT_APPLICABLE:
            return None
        case _:
            assert_never(judged.verdict)


def _criterion_rule(judged: Judged, lang: str) -> Json:
    criterion = judged.criterion
    return {
        "id": criterion.id,
        "shortDescription": {"text": criterion.title.in_(lang)},
        "fullDescription": {"text": criterion.why.in_(lang)},
        "help": {"text": criterion.remedy.in_(lang)},
        "defaultConfiguration": {"level": "error" if criterion.blocking else "warning"},
        "properties": {
            "tags": ["criterion", criterion.domain.value, criterion.basis],
            "source": criterion.source.in_(lang),
        },
    }


def _criterion_result(judged: Judged, kind: str, level: str, project: ProjectSummary, lang: str) -> Json:
    criterion = judged.criterion
    result: Json = {
        "ruleId": criterion.id,
        "kind": kind,
        "level": level,
        "message": {"text": one_line(f"{criterion.title.in_(lang)}: {judged.reason.in_(lang)}")},
        "locations": [_location(Place(None, None, criterion.id, "object"), project)],
        "fingerprints": {"portance/v1": criterion.id},
        "partialFingerprints": {"portance/v1": criterion.id},
        "properties": {
            "verdict": judged.verdict.value,
            "blocking": criterion.blocking,
            "threshold": judged.threshold.in_(lang),
            "evidence": list(judged.evidence),
        },
    }
    if judged.verdict is Verdict.WAIVED and judged.waiver is not None:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": one_line(judged.waiver.in_(lang))}
        ]
    return result


def _location(where: Place, project: ProjectSummary) -> Json:
    path, line = anchor(where, project)
    artifact = {"uri": quote(path.encode("utf-8", "replace"), safe="/"), "uriBaseId": SOURCE_ROOT}
    location: Json = {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": line}}}
    if where.path is None:
        location["logicalLocations"] = [{"fullyQualifiedName": one_line(where.name), "kind": where.kind}]
    return location


def _rules(rules: list[Json]) -> list[Json]:
    """Each rule once, sorted by its identifier, as its gravest finding describes it."""
    kept: dict[str, Json] = {}
    for rule in rules:
        held = kept.setdefault(rule["id"], rule)
        if _gravity(rule) > _gravity(held):
            kept[rule["id"]] = rule
    return [kept[name] for name in sorted(kept)]


def _gravity(rule: Json) -> float:
    return float(rule["properties"].get("security-severity", "0"))


def _said(finding: Finding) -> str:
    return one_line(finding.message) or _rule_id(finding)


def _rule_id(finding: Finding) -> str:
    return one_line(f"{finding.category}/{finding.rule}")


def _invocation(card: Scorecard, lang: str) -> Json:
    """What could not be looked at: a scanner that failed must not look like one that found nothing."""
    notes = [
        {
            "level": "error" if evidence.status is Status.ERROR else "warning",
            "message": {"text": one_line(f"{evidence.name}: {evidence.reason.in_(lang)}")},
        }
        for evidence in card.evidence
        if evidence.status is not Status.COMPLETED and evidence.reason is not None
    ]
    notes += [{"level": "warning", "message": {"text": one_line(problem.in_(lang))}} for problem in card.problems]
    return {
        "executionSuccessful": all(evidence.status is not Status.ERROR for evidence in card.evidence),
        "exitCode": card.decision.exit_code,
        "toolExecutionNotifications": notes,
    }
