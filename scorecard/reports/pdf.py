"""The scorecard as a PDF for paper and for screen readers: tagged after PDF/UA-1, from the same words as the page.

Typst sets it: docs/decisions/0106-pdf-by-typst-from-data.md. Its template is fixed and takes every word as data.
"""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime, time
from importlib import resources
from typing import Any

from scorecard.reports.palette import paper
from scorecard.reports.pdf_detail import detail
from scorecard.reports.pdf_front import front
from scorecard.reports.words import Lang, Words
from scorecard.scorecard import Scorecard

_UNPRINTABLE = re.compile(
    "[^\n\u0020-\u007e\u00a0-\u00ac\u00ae-\u017f\u0391-\u03a1\u03a3-\u03ce\u0400-\u045f"
    "\u2010-\u2015\u2018-\u201e\u2020-\u2022\u2026\u202f\u2030\u2039\u203a\u20ac\u2122\u2190-\u2193\u2212\u2260\u2264\u2265\ufffd]"
)
"""Whatever the fonts that come with Typst may lack: PDF/UA forbids a letter without a shape."""


def render(card: Scorecard, lang: str) -> bytes:
    """The PDF of ``card`` in ``lang`` ("fr", else English); the same card gives the same bytes.

    No font, file or clock of the machine is used. A letter that the fonts within Typst lack shows as U+FFFD.
    """
    import typst  # a whole compiler: no other command waits for it

    known: Lang = "fr" if lang == "fr" else "en"
    words = Words(known)
    content = {"lang": known, "colours": paper(), **front(card, words), "detail": detail(card, words)}
    template = (resources.files(__package__) / "templates" / "report.typ").read_bytes()
    written = typst.compile(
        template,
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(printable(content), ensure_ascii=False)},
        pdf_standards=["ua-1"],
        timestamp=datetime.combine(card.graded_on, time(), UTC),
    )
    assert isinstance(written, bytes)
    return written


def printable(content: Any) -> Any:
    """``content`` with every text composed (NFC), and what the fonts lack replaced by U+FFFD."""
    match content:
        case str():
            return _UNPRINTABLE.sub("\ufffd", unicodedata.normalize("NFC", content))
        case dict():
            return {key: printable(value) for key, value in content.items()}
        case list() | tuple():
            return [printable(value) for value in content]
        case _:
            return content
