"""The words of a source as one line that a field can hold."""

from __future__ import annotations

import unicodedata

MOST = 200
"""Characters a field of one line holds."""


def line(*parts: str | None, between: str = " ") -> str:
    """The parts that are there as one line: composed form, single spaces, no control characters, 200 at most."""
    words = [" ".join(_printable(part).split()) for part in parts if part is not None]
    return unicodedata.normalize("NFC", between.join(filter(None, words)))[:MOST].strip()


def _printable(text: str) -> str:
    return "".join(" " if unicodedata.category(c).startswith("C") else c for c in text)
