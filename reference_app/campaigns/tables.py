"""CSV that people open in a spreadsheet: cells that it would take for a formula are kept as the text they are."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection)."""

MARK = "\ufeff"
"""At the beginning: some spreadsheets know UTF-8 by it only."""


def line(cells: Sequence[object]) -> str:
    """One line, its columns parted by a semicolon."""
    text = StringIO()
    csv.writer(text, delimiter=";").writerow([_cell(cell) for cell in cells])
    return text.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
