"""Addresses in documentation: where the host itself is called host, the password beside it is a word too."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"://(?:user|username):(?P<said>password|pass|secret)@(?:host|hostname|server)\b")


def is_placeholder(secret: str, line: str) -> bool:
    """True when ``secret`` stands in ``line`` only as in ``scheme://user:password@host``.

    Called by detect-secrets on each value that it suspects. The same words before a real host stay a finding.
    """
    said = [match for match in _ADDRESS.finditer(line) if match["said"] == secret]
    return bool(said) and line.count(secret) == len(said)
