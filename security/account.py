"""What static scanners hand in: findings, those set aside apart, counts by severity, and an account of the files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scorecard.evidence import Evidence, Fact, Finding, Provenance, Severity, Status, Suppression, Text, Unit
from scorecard.site import Site
from security.observation import COLLECTOR, count
from security.rules import Hit, findings

SEVERITIES = ("high", "medium", "low", "suppressed", "files")


@dataclass(frozen=True)
class Found:
    """Findings that stand, and those that a mark in the source sets aside."""

    open: tuple[Finding, ...]
    suppressed: tuple[Finding, ...]

    @property
    def all(self) -> tuple[Finding, ...]:
        """Both, those that stand first."""
        return (*self.open, *self.suppressed)


def found(hits: Iterable[Hit], marked: Iterable[Hit] = (), mark: Suppression | None = None) -> Found:
    """Findings of ``hits``, and of the ``marked`` ones, set aside by ``mark``."""
    return Found(
        findings(hits),
        tuple(finding.model_copy(update={"suppression": mark}) for finding in findings(marked)),
    )


def facts_by_severity(prefix: str) -> dict[str, Unit]:
    """The facts that :func:`by_severity` gives."""
    return {f"{prefix}_{name}": Unit.COUNT for name in SEVERITIES}


def by_severity(prefix: str, seen: Found, read: int, gap: Text | None, detail: str, marks: str) -> tuple[Fact, ...]:
    """Counts of what stands, by severity (critical is high), of what is set aside by ``marks``, and of files read."""

    def number(*severities: Severity) -> int:
        return sum(finding.severity in severities for finding in seen.open)

    return (
        count(f"{prefix}_high", number(Severity.HIGH, Severity.CRITICAL), gap, detail),
        count(f"{prefix}_medium", number(Severity.MEDIUM), gap, detail),
        count(f"{prefix}_low", number(Severity.LOW), gap, detail),
        count(f"{prefix}_suppressed", len(seen.suppressed), gap, marks),
        Fact(id=f"{prefix}_files", value=read, unit=Unit.COUNT),
    )


def handed_in(
    site: Site,
    name: str,
    facts: Iterable[Fact],
    seen: Found,
    gap: Text | None,
    provenance: Provenance,
    raw: dict[str, str],
) -> Evidence:
    """Evidence ``name``: completed when nothing was left out, degraded by ``gap`` otherwise."""
    return Evidence(
        name=name,
        collector=COLLECTOR,
        project=site.project.project.name,
        status=Status.COMPLETED if gap is None else Status.DEGRADED,
        reason=gap,
        provenance=provenance,
        facts=tuple(facts),
        findings=seen.all,
        raw=raw,
    )
