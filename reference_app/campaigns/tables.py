"""CSV that people open in a spreadsheet: cells that it would take for a formula are kept as the text they are."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from io import StringIO

from starlette.responses import StreamingResponse

from reference_app.places import Places
from reference_app.spool import sent, spool

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection)."""

MARK = "\ufeff"
"""At the beginning: some spreadsheets know UTF-8 by it only."""

_PLACES = Places(4)
"""Tables written at once by one worker."""


def line(cells: Sequence[object]) -> str:
    """One line, its columns parted by a semicolon."""
    text = StringIO()
    csv.writer(text, delimiter=";").writerow([_cell(cell) for cell in cells])
    return text.getvalue()


def plain(cell: str) -> str:
    """What stood in a cell before :func:`line` wrote it: a table that was given out may come back."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


async def download(filename: str, titles: Sequence[object], rows: AsyncIterator[Sequence[object]]) -> StreamingResponse:
    """A table to keep, written whole before its first byte leaves. Raises Unavailable while others get theirs."""
    with _PLACES.one(), ExitStack() as stack:
        whole = stack.enter_context(spool())
        whole.write((MARK + line(titles)).encode())
        async for row in rows:
            whole.write(line(row).encode())
        stack.pop_all()
    return sent(whole, "text/csv; charset=utf-8", filename)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
