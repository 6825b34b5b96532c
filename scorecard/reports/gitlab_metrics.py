"""The scorecard as a GitLab metrics report (OpenMetrics text): what a merge request moves, in a dozen figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from scorecard.evidence import Severity
from scorecard.reports import measured
from scorecard.reports.places import set_aside
from scorecard.scorecard import Scorecard, Verdict

_FACTS = {
    "portance_p95_seconds": "load.p95",
    "portance_peak_p95_seconds": "load.peak_p95",
    "portance_error_ratio": "load.error_rate",
}


def render(card: Scorecard, lang: str) -> str:
    """``card`` as gauges, the same in every language; what is not known has no line, and GitLab shows it as removed."""
    del lang
    lines = [f"{name} {value!r}" for name, value in _samples(card)]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _samples(card: Scorecard) -> Iterator[tuple[str, float]]:
    yield "portance_exit_code", float(card.decision.exit_code)
    yield 'portance_score{end="low"}', card.grade.score_low
    yield 'portance_score{end="high"}', card.grade.score_high
    yield "portance_coverage_ratio", card.coverage
    held = card.capacity
    for end, users in (("low", held.users_low), ("high", held.users_high)):
        if users is not None:
            yield f'portance_users{{end="{end}"}}', float(users)
    for name, identifier in _FACTS.items():
        fact = measured.fact(card, identifier)
        if fact is not None and isinstance(fact.value, int | float):
            yield name, float(fact.value)
    verdicts = Counter(judged.verdict for judged in card.judged)
    for verdict in (Verdict.FAIL, Verdict.WARN, Verdict.UNKNOWN, Verdict.WAIVED):
        yield f'portance_criteria{{verdict="{verdict.value}"}}', float(verdicts[verdict])
    severities = Counter(f.severity for e in card.evidence for f in e.findings if not set_aside(f, card))
    for severity in Severity:
        yield f'portance_findings{{severity="{severity.value}"}}', float(severities[severity])
