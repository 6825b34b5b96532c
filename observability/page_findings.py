"""Where the pages are to be mended."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from observability.views import SIZES, Tour
from scorecard.evidence import Finding, Severity
from scorecard.personal_data import IN_WORDS, Kind

MOST_FINDINGS = 200
MOST_REQUESTS, MOST_BYTES = 78, 2_420_000
"""Median page of the Web: cnumr/ecoindex_reference."""
_SEVERITY = {
    "critical": Severity.CRITICAL,
    "serious": Severity.HIGH,
    "moderate": Severity.MEDIUM,
    "minor": Severity.LOW,
}


def findings(tour: Tour) -> tuple[Finding, ...]:
    """Where to mend: what breaks a rule of accessibility, what is sent to others, what is too wide, small or heavy."""
    found = [*_violations(tour), *_sendings(tour), *_other_findings(tour), *_heavy(tour)]
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


def _sendings(tour: Tour) -> Iterator[Finding]:
    for path, leaks in tour.leaks.items():
        for leak in sorted(leaks, key=lambda one: (one.origin, one.kind)):
            what = IN_WORDS[Kind(leak.kind)] if leak.kind in set(Kind) else "a text typed into a field"
            location = f"GET {path}"
            yield Finding(
                category="personal-data",
                rule="personal-data-to-third-party",
                severity=Severity.HIGH,
                confidence="HIGH",
                location=location,
                message=f"A script of the page sends {what} that was typed to {leak.origin}.",
                cwe="CWE-359",
                asvs="v5.0.0-14.2.3",
                remedy="Take the script out, or let it send nothing that a person typed and nothing told from it; a "
                "processor of such data needs a contract (GDPR, art. 28).",
                fingerprint=_fingerprint(location, leak.kind, leak.origin),
            )


def _fingerprint(*parts: str) -> str:
    return "sha256:" + hashlib.sha256("\0".join(("personal-data-to-third-party", *parts)).encode()).hexdigest()


def _heavy(tour: Tour) -> Iterator[Finding]:
    for path in tour.paths:
        views = [view for view in tour.views if view.path == path]
        requests, weight = max(view.requests for view in views), max(view.weight for view in views)
        if requests > MOST_REQUESTS:
            message = f"{requests} requests to show the page; half of the pages of the Web need {MOST_REQUESTS} at most"
            yield _finding("weight", "many-requests", Severity.MEDIUM, path, message)
        if weight > MOST_BYTES:
            message = f"{weight / 1e6:.1f} MB to show the page; half of the pages of the Web weigh 2.4 MB at most"
            yield _finding("weight", "heavy-page", Severity.MEDIUM, path, message)


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
            if view.audit is not None and view.audit.small_targets:
                small = view.audit.small_targets
                message = f"{len(small)} links or controls are too small for a finger (WCAG 2.2, 2.5.8): {small[0]}"
                yield _finding("phone", "small-targets", Severity.LOW, path, message)
        kept = tour.kept(path)
        if kept is not None and not kept.whole:
            gone = f"; missing: {', '.join(sorted(kept.missing)[:10])}" if kept.missing else ""
            gone += f"; cannot be sent: {', '.join(sorted(kept.unsent)[:10])}" if kept.unsent else ""
            message = f"without JavaScript {kept.words:.0%} of the words are left{gone}"
            yield _finding("javascript", "needs-javascript", Severity.MEDIUM, path, message)


def _finding(category: str, rule: str, severity: Severity, path: str, message: str) -> Finding:
    return Finding(category=category, rule=rule, severity=severity, location=f"GET {path}", message=message)
