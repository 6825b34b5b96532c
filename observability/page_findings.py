"""Where the pages are to be mended."""

from __future__ import annotations

from collections.abc import Iterator

from observability.views import SIZES, Tour
from scorecard.evidence import Finding, Severity

MOST_FINDINGS = 200
_SEVERITY = {
    "critical": Severity.CRITICAL,
    "serious": Severity.HIGH,
    "moderate": Severity.MEDIUM,
    "minor": Severity.LOW,
}


def findings(tour: Tour) -> tuple[Finding, ...]:
    """Where to mend: elements that break a rule of accessibility, origins that learn of the visit, pages too wide."""
    found = [*_violations(tour), *_other_findings(tour)]
    order = list(Severity)
    return tuple(sorted(found, key=lambda f: (order.index(f.severity), f.rule, f.location))[:MOST_FINDINGS])


def _violations(tour: Tour) -> Iterator[Finding]:
    for path, violation in tour.violations():
        tests = f" (RGAA {', '.join(violation.criteria)})" if violation.criteria else ""
        yield Finding(
            category="accessibility",
            rule=violation.rule,
            severity=_SEVERITY.get(violation.impact, Severity.HIGH),
            tool_severity=violation.impact,
            location=f"GET {path} {violation.selector}",
            message=f"{violation.help}{tests}",
        )


def _other_findings(tour: Tour) -> Iterator[Finding]:
    for path in tour.paths:
        views = [view for view in tour.views if view.path == path]
        for other in sorted({other for view in views for other in view.others}):
            message = f"the page asks {other}, which learns who visits it"
            yield _finding("privacy", "other-origin", Severity.MEDIUM, path, message)
        for view in views:
            if view.window == "phone" and view.excess > 0:
                message = f"{view.excess:.0f} px wider than a phone of {SIZES[view.window][0]} px (RGAA 10.11)"
                yield _finding("phone", "scrolls-sideways", Severity.MEDIUM, path, message)
        kept = tour.kept(path)
        if kept is not None and not kept.whole:
            gone = f"; missing: {', '.join(sorted(kept.missing)[:10])}" if kept.missing else ""
            message = f"without JavaScript {kept.words:.0%} of the words are left{gone}"
            yield _finding("javascript", "needs-javascript", Severity.MEDIUM, path, message)


def _finding(category: str, rule: str, severity: Severity, path: str, message: str) -> Finding:
    return Finding(category=category, rule=rule, severity=severity, location=f"GET {path}", message=message)
