"""A session altered in one character, at a place that matters to whoever verifies it."""

from __future__ import annotations

import re

SHORTEST = 8
"""A shorter value (a language, a choice) is no session."""
_CLASSES = ("0123456789", "abcdef", "ghijklmnopqrstuvwxyz", "ABCDEF", "GHIJKLMNOPQRSTUVWXYZ")


def tampered_cookie(header: str) -> str | None:
    """A Cookie header in which every value long enough to be a session is altered; None when there is none."""
    pairs = [pair.partition("=") for pair in re.split(r";\s*", header) if pair]
    altered = [(name, tampered(value)) for name, _, value in pairs]
    if all(new == value for (_, new), (_, _, value) in zip(altered, pairs, strict=True)):
        return None
    return "; ".join(f"{name}={value}" for name, value in altered)


def tampered(token: str) -> str:
    """``token`` with one character replaced by another of its alphabet.

    In a value of parts (``payload.signature``) it is the first character of the last part: the signature, and not its
    last character, whose low bits base64 does not use. In any other it is the middle one. A scheme before a space
    (``Bearer``) stays.
    """
    scheme, space, value = token.rpartition(" ")
    if len(value) < SHORTEST:
        return token
    dot = value.rfind(".")
    start = dot + 1 if 0 <= dot < len(value) - 2 else len(value) // 2
    for place in [*range(start, len(value)), *range(start)]:
        other = _other(value[place])
        if other is not None:
            return f"{scheme}{space}{value[:place]}{other}{value[place + 1 :]}"
    return token


def _other(character: str) -> str | None:
    """The next character of the same class, so that hexadecimal stays hexadecimal; None for punctuation."""
    for letters in _CLASSES:
        if character in letters:
            return letters[(letters.index(character) + 1) % len(letters)]
    return None
