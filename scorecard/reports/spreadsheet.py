"""The scorecard as CSV: one line a criterion, for a spreadsheet or a data base."""

from __future__ import annotations

import csv
import io

from scorecard.reports.characters import one_line
from scorecard.reports.json_report import JsonCriterion, JsonScorecard, document
from scorecard.scorecard import Scorecard

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as the machine's old code page."""

COLUMNS = (
    "project", "graded_on", "decision", "grade_low", "grade_high", "criterion", "domain", "title", "verdict", "basis",
    "blocking", "weight", "value", "low", "high", "unit", "threshold", "reason", "remedy", "source", "declared_by",
    "waiver", "evidence",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@")
"""First characters that make a spreadsheet run a cell (OWASP, CSV injection)."""


def render(card: Scorecard, lang: str) -> str:
    """``card`` as CSV after RFC 4180 in UTF-8 with words in ``lang``; numbers have a point in both languages.

    A value that is not known is an empty cell and its verdict is "unknown". Words that a spreadsheet would take for a
    formula begin with an apostrophe.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    whole = document(card, lang)
    writer.writerows([_cell(value) for value in _row(whole, criterion)] for criterion in whole.criteria)
    return BYTE_ORDER_MARK + out.getvalue()


def _row(card: JsonScorecard, item: JsonCriterion) -> tuple[object, ...]:
    return (
        card.project.name, card.graded_on.isoformat(), card.decision.value, card.grade.low, card.grade.high, item.id,
        item.domain.value, item.title, item.verdict.value, item.basis, item.blocking, item.weight, item.value, item.low,
        item.high, item.unit, item.threshold, item.reason, item.remedy, item.source, item.declared_by, item.waiver,
        " ".join(item.evidence),
    )  # fmt: skip


def _cell(value: object) -> object:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            words = one_line(value)
            return f"'{words}" if words.startswith(_FORMULA) else words
        case _:
            return value
