"""Where a finding is, for formats that point into files: a line of a file, or a name of something that is no file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from scorecard.project import FILE_NAME

_LINE_OF_FILE = re.compile(r"(?P<path>[^:]+):(?P<line>[1-9][0-9]{0,8})")
_ROUTE = re.compile(r"[A-Z]+ \S")

NO_FILE = (FILE_NAME, 1)
"""Path and line given for what lies in no file: the project file says what is assessed (ADR 0075)."""


@dataclass(frozen=True)
class Place:
    """A place: ``path`` and ``line`` when it is a line of a file, else None; ``name`` and ``kind`` always."""

    path: str | None
    line: int | None
    name: str
    kind: str

    @property
    def anchor(self) -> tuple[str, int]:
        """Path and line that a tool can open: those of the place, else :data:`NO_FILE`."""
        return NO_FILE if self.path is None or self.line is None else (self.path, self.line)


def place(location: str) -> Place:
    """The place that the location of a finding names; a path that leaves the source folder is no file of it."""
    if location.startswith("pkg:"):
        return Place(None, None, location, "package")
    if _ROUTE.match(location):
        return Place(None, None, location, "function")
    found = _LINE_OF_FILE.fullmatch(location)
    if found is None:
        return Place(None, None, location, "object")
    path = PurePosixPath(found["path"])
    if path.is_absolute() or ".." in path.parts:
        return Place(None, None, location, "object")
    return Place(str(path), int(found["line"]), location, "module")
