"""The line of a TOML file that a key stands on, which the parser of the standard library does not tell."""

from __future__ import annotations

import re
from collections import Counter

Path = tuple[str | int, ...]

_KEY = r"(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')"
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_TABLE = re.compile(rf"\s*\[\s*({_DOTTED})\s*\]\s*(?:#.*)?$")
_ARRAY = re.compile(rf"\s*\[\[\s*({_DOTTED})\s*\]\]\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(rf"\s*({_DOTTED})\s*=")


def line_of(content: str, path: Path) -> int | None:
    """Number, from 1, of the line that sets ``path``, else of the nearest table or key around it; None for neither.

    ``path`` is that of the parsed document: ("stages", 1, "grade"). A key inside an inline table or an array is on the
    line where its value begins.
    """
    best: tuple[int, int] | None = None
    table: Path = ()
    seen: Counter[Path] = Counter()
    for number, line in enumerate(content.splitlines(), start=1):
        if (array := _ARRAY.match(line)) is not None:
            name = _parts(array[1])
            table = (*name, seen[name])
            seen[name] += 1
            here = table
        elif (header := _TABLE.match(line)) is not None:
            here = table = _parts(header[1])
        elif (assignment := _ASSIGNMENT.match(line)) is not None:
            here = (*table, *_parts(assignment[1]))
        else:
            continue
        if path[: len(here)] == here and (best is None or len(here) > best[0]):
            best = len(here), number
    return None if best is None else best[1]


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))
