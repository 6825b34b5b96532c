"""The scorecard as a GitLab Code Quality report: findings and criteria in the widget of a merge request."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, assert_never

from scorecard.evidence import Severity, Text
from scorecard.reports.characters import one_line
from scorecard.reports.places import anchor, place, set_aside
from scorecard.scorecard import Judged, Scorecard, Verdict

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.NONE: "info",
}
_SET_ASIDE = Text(en="set aside", fr="écarté")
_WORDS = {
    Verdict.FAIL: Text(en="Not met", fr="Non satisfait"),
    Verdict.WARN: Text(en="Nearly met", fr="Presque satisfait"),
    Verdict.WAIVED: Text(en="Waived", fr="Dérogation"),
    Verdict.UNKNOWN: Text(en="Unknown", fr="Inconnu"),
}

Json = dict[str, Any]


def render(card: Scorecard, lang: str) -> str:
    """``card`` as a list of issues in ``lang``; what lies in no file is shown at the project file.

    The format knows no unknown and no waiver: both are issues whose description begins with the word, so that an empty
    list means that everything is met. GitLab compares issues by their fingerprint; none stands twice.
    """
    seen: Counter[str] = Counter()
    issues: list[Json] = []
    for identity, issue in [*_findings(card, lang), *_criteria(card, lang)]:
        seen[identity] += 1
        issues.append({**issue, "fingerprint": _digest(f"{identity}|{seen[identity]}")})
    return json.dumps(issues, ensure_ascii=True, indent=1) + "\n"


def _findings(card: Scorecard, lang: str) -> Iterator[tuple[str, Json]]:
    for evidence in card.evidence:
        for finding in evidence.findings:
            identity = finding.fingerprint or f"{finding.rule}|{finding.location}|{finding.message}"
            where = place(finding.location, card.project)
            message = one_line(finding.message) or finding.rule
            severity = _SEVERITIES[finding.severity]
            if set_aside(finding, card):
                message, severity = f"{message} ({_SET_ASIDE.in_(lang)})", "info"
            elif where.path is None:
                message = f"{one_line(where.name)}: {message}"
            yield (
                f"{evidence.name}|{identity}",
                _issue(f"{finding.category}/{finding.rule}", message, severity, anchor(where, card.project)),
            )


def _criteria(card: Scorecard, lang: str) -> Iterator[tuple[str, Json]]:
    for judged in card.judged:
        severity = _severity(judged)
        if severity is not None:
            word, title = _WORDS[judged.verdict].in_(lang), judged.criterion.title.in_(lang)
            colon = "\u00a0:" if lang == "fr" else ":"
            message = one_line(f"{word}{colon} {title}. {judged.reason.in_(lang)}")
            identity = f"criterion|{judged.criterion.id}|{judged.verdict.value}"
            yield identity, _issue(judged.criterion.id, message, severity, (card.project.file, 1))


def _severity(judged: Judged) -> str | None:
    """Severity of a criterion, None for one that is met or does not apply."""
    match judged.verdict:
        case Verdict.FAIL:
            return "blocker" if judged.criterion.blocking else "major"
        case Verdict.UNKNOWN:
            return "critical" if judged.criterion.blocking else "minor"
        case Verdict.WARN | Verdict.WAIVED:
            return "minor"
        case Verdict.PASS | Verdict.NOT_APPLICABLE:
            return None
        case _:
            assert_never(judged.verdict)


def _issue(check: str, description: str, severity: str, at: tuple[str, int]) -> Json:
    path, line = at
    return {
        "check_name": one_line(check),
        "description": description,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": line}},
    }


def _digest(identity: str) -> str:
    return hashlib.sha256(identity.encode("utf-8", "backslashreplace")).hexdigest()
