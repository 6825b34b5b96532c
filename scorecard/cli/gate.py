"""The gate's answer in ten lines for the log of a pipeline, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scorecard.evidence import Text
from scorecard.reports.labels import VERDICTS
from scorecard.reports.words import Words
from scorecard.scorecard import Judged, Scorecard, Verdict

MOST_LINES = 10


def lines(card: Scorecard, lang: str) -> list[str]:
    """Decision, grade, then what closes the gate: at most :data:`MOST_LINES` lines."""
    grade = Text(
        en=f"Grade between {card.grade.low} and {card.grade.high}; exit code {card.decision.exit_code}.",
        fr=f"Note entre {card.grade.low} et {card.grade.high}\u202f; code de sortie {card.decision.exit_code}.",
    )
    words = Words("fr" if lang == "fr" else "en")
    head = [card.decision_reason.in_(lang), grade.in_(lang)]
    reasons = [
        f"  {words.gettext(VERDICTS[judged.verdict])} – {judged.criterion.title.in_(lang)} ({judged.criterion.id}). "
        f"{judged.reason.in_(lang)}"
        for judged in _closing(card)
    ]
    room = MOST_LINES - len(head)
    if len(reasons) > room:
        left = len(reasons) - room + 1
        reasons = [*reasons[: room - 1], f"  … +{left}"]
    return head + reasons


def as_document(card: Scorecard, lang: str) -> dict[str, Any]:
    """The same as data: decision, exit code, grade, and the criteria that close the gate."""
    return {
        "decision": card.decision.value,
        "exit_code": card.decision.exit_code,
        "grade": {"low": card.grade.low, "high": card.grade.high},
        "reason": card.decision_reason.in_(lang),
        "closing": [
            {"criterion": j.criterion.id, "verdict": j.verdict.value, "reason": j.reason.in_(lang)}
            for j in _closing(card)
        ],
    }


def _closing(card: Scorecard) -> Iterator[Judged]:
    for verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED, Verdict.WARN):
        for judged in card.judged:
            if judged.criterion.blocking and judged.verdict is verdict:
                yield judged
