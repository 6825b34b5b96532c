"""What a service printed, as a run keeps it: without the secrets and the personal values that were typed into it.

The looks that search the log read it as it is, while the service runs; what stays in the folder of the run travels.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from scorecard.journeys.people import NAMES
from scorecard.personal_data import spellings
from security.redaction import MARK, redact

KEPT = 2 * 1024 * 1024
"""Bytes kept of a longer log, half from its beginning and half from its end: a service says there why it fails."""
_LONGEST_LINE = 4_000

_TYPED_NAME = re.compile("|".join(re.escape(way) for name in NAMES for way in sorted(spellings(name))))
# A session has no shape of its own: long, without spaces, letters mixed with digits or large letters with small ones.
# An identifier goes with it.
_LONG = re.compile(r"(?<![\w-])[\w-]{20,}=*(?![\w-])")
_CAPITALS = (0.25, 0.75)
"""Share of the letters that are capitals: one half in what is random, less in CamelCase, all of them in a constant."""


def masked(text: str) -> str:
    """``text`` without secrets and personal values that a pattern can tell, names of our people, and long tokens."""
    return _LONG.sub(_unless_words, _TYPED_NAME.sub(MARK, redact(text)))


def mask(log: Path) -> None:
    """Rewrite ``log`` masked, the middle of a long one left out. Nothing is done where there is no log.

    Raises:
        OSError: the masked one cannot be written; the log is then removed, not left as it is.
    """
    if not log.is_file():
        return
    part = log.with_suffix(".part")
    try:
        with part.open("w", encoding="utf-8") as kept:
            kept.writelines(masked(line) + "\n" for line in _lines(log))
        part.replace(log)
    except OSError:
        log.unlink(missing_ok=True)
        part.unlink(missing_ok=True)
        raise


def _unless_words(match: re.Match[str]) -> str:
    text = match[0]
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return text
    has_digit = any(character.isdigit() for character in text)
    capitals = sum(letter.isupper() for letter in letters) / len(letters)
    return MARK if has_digit or _CAPITALS[0] < capitals < _CAPITALS[1] else text


def _lines(log: Path) -> Iterator[str]:
    size = log.stat().st_size
    with log.open("rb") as file:
        if size <= KEPT:
            yield from _decoded(file.read())
            return
        yield from _decoded(file.read(KEPT // 2).rpartition(b"\n")[0])
        yield f"… {size - KEPT} bytes are left out here …"
        file.seek(-(KEPT // 2), os.SEEK_END)
        yield from _decoded(file.read().partition(b"\n")[2])


def _decoded(content: bytes) -> Iterator[str]:
    for line in content.decode("utf-8", "replace").splitlines():
        # The patterns go over a line many times: one of megabytes would take them minutes.
        yield line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + " …"
