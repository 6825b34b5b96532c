"""Where a finding is, for formats that point into files, and whether somebody set it aside."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from scorecard.evidence import Finding
from scorecard.scorecard import ProjectSummary, Scorecard

_LINE_OF_FILE = re.compile(r"(?P<path>[^:]+):(?P<line>[1-9][0-9]{0,8})")
_ROUTE = re.compile(r"[A-Z]+ \S")


@dataclass(frozen=True)
class Place:
    """A place: ``path`` from the root of the repository and ``line`` when it is a line of a file, else None.

    ``name`` and ``kind`` are those of the thing itself, as SARIF calls them.
    """

    path: str | None
    line: int | None
    name: str
    kind: str


def place(location: str, project: ProjectSummary) -> Place:
    """The place that the location of a finding names; a path that leaves the code's folder is no file of it."""
    if location.startswith("pkg:"):
        return Place(None, None, location, "package")
    if _ROUTE.match(location):
        return Place(None, None, location, "function")
    found = _LINE_OF_FILE.fullmatch(location)
    if found is None or project.code is None:
        return Place(None, None, location, "object")
    path = PurePosixPath(found["path"])
    if path.is_absolute() or ".." in path.parts:
        return Place(None, None, location, "object")
    return Place(posixpath.normpath(posixpath.join(project.code, path)), int(found["line"]), location, "module")


def anchor(where: Place, project: ProjectSummary) -> tuple[str, int]:
    """Path and line that a tool can open; what lies in no file is shown at the top of the project file (ADR 0075)."""
    return (project.file, 1) if where.path is None or where.line is None else (where.path, where.line)


def set_aside(finding: Finding, card: Scorecard) -> bool:
    """Whether somebody set ``finding`` aside on the day of the judgement; past its end it counts again."""
    aside = finding.suppression
    return aside is not None and (aside.expiry is None or aside.expiry >= card.graded_on)
