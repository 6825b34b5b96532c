"""What a rule of a scanner means here: severity on one scale, weakness, requirement, remedy; and fingerprints."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from scorecard.evidence import Finding, Severity
from security.redaction import redact


@dataclass(frozen=True)
class Rule:
    """A rule in our own words, since tools disagree on severities and give no remedy.

    Attributes:
        severity: on CVSS bands: critical over 9, high from 7, medium from 4, low below.
        cwe: weakness, "CWE-89".
        asvs: requirement of OWASP ASVS 5.0.0, "v5.0.0-1.2.4", empty where none fits.
        remedy: what to do, in words.
    """

    severity: Severity
    cwe: str
    asvs: str
    remedy: str


@dataclass(frozen=True)
class Hit:
    """Something a scanner saw, before it is made a finding.

    Attributes:
        place: location without what moves with an edit (no line number), for the fingerprint.
        trait: normalised snippet or parameter, free of secrets, for the fingerprint.
    """

    category: str
    rule: str
    what: Rule
    location: str
    place: str
    trait: str
    message: str
    tool_severity: str = ""
    confidence: str = ""


def findings(hits: Iterable[Hit]) -> tuple[Finding, ...]:
    """Findings of ``hits``, redacted, worst first.

    The fingerprint is sha256(CWE or rule | place | trait | n): n counts equal ones in the order given, so that two
    equal lines of a file are two findings.
    """
    seen: Counter[str] = Counter()
    made: list[Finding] = []
    for hit in hits:
        identity = "|".join((hit.what.cwe or hit.rule, hit.place, hit.trait))
        seen[identity] += 1
        made.append(_finding(hit, f"{identity}|{seen[identity]}"))
    return tuple(sorted(made, key=lambda finding: (_RANK[finding.severity], finding.location, finding.rule)))


def lowered(severity: Severity) -> Severity:
    """One band lower, for what the tool itself is not confident of; never below low."""
    return _LOWER.get(severity, severity)


def _finding(hit: Hit, identity: str) -> Finding:
    return Finding(
        category=hit.category,
        rule=hit.rule,
        severity=hit.what.severity,
        tool_severity=hit.tool_severity,
        confidence=hit.confidence,
        location=redact(hit.location),
        message=redact(hit.message),
        cwe=hit.what.cwe,
        asvs=hit.what.asvs,
        remedy=hit.what.remedy,
        fingerprint="sha256:" + hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest(),
    )


_RANK = {severity: rank for rank, severity in enumerate(Severity)}
_LOWER = {Severity.CRITICAL: Severity.HIGH, Severity.HIGH: Severity.MEDIUM, Severity.MEDIUM: Severity.LOW}
