"""What the operability of a service is told in: facts, and findings with the place to mend."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from scorecard.evidence import Fact, Finding, Severity, Text, Unit

ON_ERRORS = "operations.alert_on_errors"
DELAY = "operations.alert_delay"
NEVER = "operations.alerts_never_firing"
IN_CALM = "operations.alerts_in_calm"
RUNBOOKS = "operations.alerts_without_runbook"
UNANSWERED = "operations.dashboard_queries_unanswered"
RECEIPT = "operations.receipt_to_trace"

FACTS = {
    ON_ERRORS: Unit.YES_NO,
    DELAY: Unit.SECOND,
    NEVER: Unit.COUNT,
    IN_CALM: Unit.COUNT,
    RUNBOOKS: Unit.COUNT,
    UNANSWERED: Unit.COUNT,
    RECEIPT: Unit.YES_NO,
}


@dataclass(frozen=True)
class Told:
    """Facts with the findings behind them; ``gap`` says what could not be looked at, None when all was."""

    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...] = ()
    gap: Text | None = None


def unknown(reason: Text, *facts: str) -> Told:
    """``facts`` that could not be observed, all for the same reason."""
    return Told(tuple(Fact(id=f, value=None, unit=FACTS[f], reason=reason) for f in facts), gap=reason)


def known(fact: str, value: bool | int | float, detail: str = "") -> Fact:
    """A fact that was observed."""
    return Fact(id=fact, value=value, unit=FACTS[fact], detail=detail)


def finding(rule: str, location: str, message: str, remedy: str, severity: Severity = Severity.MEDIUM) -> Finding:
    """Something to mend in the rules or the dashboards of a service."""
    digest = hashlib.sha256(f"{rule}\0{location}\0{message}".encode()).hexdigest()
    return Finding(
        category="operability",
        rule=rule,
        severity=severity,
        confidence="HIGH",
        location=location,
        message=message,
        remedy=remedy,
        fingerprint=f"sha256:{digest}",
    )
