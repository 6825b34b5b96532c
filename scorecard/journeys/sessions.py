"""Which addresses begin and end a session, by their names."""

from __future__ import annotations

import re

SIGN_OUT = r"(?i)(?:sign|log)[-_]?(?:out|off)|d[eé]connexion|deconnecter"
_SIGN_IN = re.compile(r"(?i)(?:sign|log)[-_]?(?:in|on)\b|connexion|authenticat|/sessions?$|/tokens?$")


def ends_session(path: str) -> bool:
    """Whether a path is one that signs out."""
    return re.search(SIGN_OUT, path) is not None


def begins_session(path: str) -> bool:
    """Whether a path is one that signs in."""
    return _SIGN_IN.search(path) is not None
