"""Text without the personal values that have a shape: e-mail addresses, IBAN, NIR, telephone numbers."""

from __future__ import annotations

import re

MARK = "[removed]"

_START, _END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_SHAPES = re.compile(
    "|".join(
        (
            r"[\w.+%-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}",
            # ISO 13616: two letters, two digits, up to 30 letters or digits, often in groups of four
            _START + r"[A-Za-z]{2}\d{2}(?:[ \u00a0-]?[A-Za-z0-9]{4}){2,7}(?:[ \u00a0-]?[A-Za-z0-9]{1,3})?" + _END,
            # NIR: sex, year, month, department, commune, order, key; with or without its spaces and its key
            _START + r"[1-478][ .]?\d{2}[ .]?\d{2}[ .]?\d[\dABab][ .]?\d{3}[ .]?\d{3}(?:[ .]?\d{2})?" + _END,
            r"(?<![\w.])(?:\+33|0033|0)[ .-]?[1-9](?:[ .-]?\d{2}){4}(?![\w.])",
        )
    )
)


def without_personal_values(text: str) -> str:
    """``text`` with each value of such a shape replaced by a mark."""
    return _SHAPES.sub(MARK, text)
