"""Redaction: secrets and personal values are taken out of every text before it is kept."""

from __future__ import annotations

import re
from pathlib import Path

MARK = "[redacted]"

# Too much taken out costs a reader a word; too little sends a value about with the evidence. So the patterns are wide.
_PATTERNS = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        # Key material first: it may hold anything.
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        # JSON Web Token
        (r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?", 0),
        # user:password@ in a URL; the user may be an e-mail address, so up to the last @ before the path
        (r"(?<=://)[^\s/\"'<>]+@", 0),
        # e-mail address; a top-level domain of letters tells it from name@1.2.3
        (r"[\w.+%-]+@(?:[\w-]+\.)+[^\W\d_]{2,}\b", 0),
        # French social security number (NIR), spaced or not, Corsica's 2A and 2B included, with or without its key
        (
            r"(?<!\d)[12378][ .]?\d{2}[ .]?(?:0[1-9]|[1-9]\d)[ .]?(?:\d{2}|2[ABab])"
            r"(?:[ .]?\d{3}){2}(?:[ .]?\d{2})?(?!\d)",
            0,
        ),
        # IBAN
        (r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b", 0),
        # French telephone number
        (r"(?<![\d.])(?:\+33|0033|0)[ .-]?[1-9](?:[ .-]?\d{2}){4}(?!\d)", 0),
        # tokens of well-known makers
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", 0),
        (r"\b(?:gh[pousr]_|glpat-|xox[abpros]-|sk_live_|sk-|pypi-)[\w-]{10,}", 0),
    )
)

_ASSIGNMENT = re.compile(
    r"(?i)(\b[\w-]*(?:passw(?:or)?d|passwd|pwd|secret|token|api[_-]?key|mot_de_passe|authorization)[\w-]*)"
    r"(['\"]?\s*[:=]\s*(?:bearer\s+|basic\s+)?)(\"[^\"]*\"|'[^']*'|[^\s,;&\"']+)"
)
_HOME = re.compile(rf"(?<![\w.])(?:/(?:home|Users)/[^/\s'\":]+|{re.escape(str(Path.home()))})(?=/)")
_LITERAL = re.compile(r"(?i)(?:(?<!\w)[rbuf]{1,2})?(\"\"\"|'''|\"|')(?:\\.|(?!\1).)*(?:\1|$)", re.DOTALL)


def redact(text: str) -> str:
    """``text`` without secrets, personal values or home folders that a pattern can tell."""
    for pattern in _PATTERNS:
        text = pattern.sub(MARK, text)
    text = _ASSIGNMENT.sub(rf"\1\2{MARK}", text)
    return _HOME.sub("~", text)


def without_literals(code: str) -> str:
    """Source code with its strings emptied and its white space evened: what remains names the place, not the value."""
    return " ".join(_LITERAL.sub('""', code).split())
