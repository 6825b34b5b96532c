"""What a requirements file pins, with or without hashes; nested files are read, nothing is resolved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from scorecard.evidence import Text
from security.tool import ToolError

_COMMENT = re.compile(r"(^|\s)#.*$")
_NESTED = re.compile(r"^(?:-r\s*|--requirement(?:\s+|=))(?P<file>.+)$")
_EDITABLE = re.compile(r"^(?:-e\b|--editable\b)")


@dataclass(frozen=True, order=True)
class Pin:
    """One version of one package, name normalised."""

    name: str
    version: str

    @property
    def url(self) -> str:
        """Package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


@dataclass
class Requirements:
    """What a file asks for.

    Attributes:
        pins: versions asked for with ``==``; two lines of other markers and the same version are one.
        elsewhere: those of them that the markers of their lines leave out on this machine.
        loose: names, or places, of what is not pinned.
        unhashed: pinned lines without ``--hash``.
        unread: lines and files that make no sense.
    """

    pins: set[Pin] = field(default_factory=set)
    elsewhere: set[Pin] = field(default_factory=set)
    loose: list[str] = field(default_factory=list)
    unhashed: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Number of packages asked for, as far as they can be told apart."""
        return len(self.pins) + len(self.loose) + len(self.unread)

    @property
    def locked(self) -> bool | None:
        """Whether every line is pinned and hashed; None when a line makes no sense and no other is loose."""
        if self.loose or self.unhashed:
            return False
        return None if self.unread else True


def read(path: Path) -> Requirements:
    """Read ``path`` and the files it names.

    Raises:
        ToolError: the file cannot be read, or asks for nothing.
    """
    found = Requirements()
    try:
        _read_into(found, path, set())
    except (OSError, UnicodeDecodeError) as error:
        raise ToolError(_cannot_be_read(path, error)) from error
    if found.total == 0:
        raise ToolError(_asks_for_nothing(path))
    return found


def _read_into(found: Requirements, path: Path, visited: set[Path]) -> None:
    visited.add(path.resolve())
    for number, line in _logical_lines(path.read_text(encoding="utf-8-sig")):
        where = f"{path.name}:{number}"
        nested = _NESTED.match(line)
        if nested is not None:
            other = path.parent / nested["file"].strip()
            if other.resolve() not in visited:
                try:
                    _read_into(found, other, visited)
                except (OSError, UnicodeDecodeError):
                    found.unread.append(where)
        elif _EDITABLE.match(line):
            found.loose.append(where)
        elif not line.startswith("-"):
            _take(found, line, where)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with continuations joined and comments dropped, with the number of their first."""
    pending, start = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        start = start if pending else number
        comment = raw.lstrip().startswith("#")
        if raw.endswith("\\") and not comment:
            pending += raw[:-1] + " "
            continue
        line = _COMMENT.sub("", pending + raw).strip()
        pending = ""
        if line:
            yield start, line
    if line := _COMMENT.sub("", pending).strip():
        yield start, line


def _take(found: Requirements, line: str, where: str) -> None:
    specification, *options = re.split(r"\s+(?=--)", line)
    try:
        requirement = Requirement(specification.strip())
    except InvalidRequirement:
        # A path or a URL is a requirement that cannot be pinned; it is not quoted, it may hold a password.
        is_place = "://" in specification or specification.startswith((".", "/"))
        (found.loose if is_place else found.unread).append(where)
        return
    version = _pinned(requirement)
    if version is None:
        found.loose.append(canonicalize_name(requirement.name))
        return
    pin = Pin(canonicalize_name(requirement.name), version)
    if requirement.marker is None or requirement.marker.evaluate():
        found.elsewhere.discard(pin)
    elif pin not in found.pins:
        found.elsewhere.add(pin)
    found.pins.add(pin)
    if not any(option.startswith("--hash=") or option.startswith("--hash ") for option in options):
        found.unhashed.append(canonicalize_name(requirement.name))


def _pinned(requirement: Requirement) -> str | None:
    specifiers = list(requirement.specifier)
    if requirement.url is not None or len(specifiers) != 1 or specifiers[0].operator not in ("==", "==="):
        return None
    try:
        return str(Version(specifiers[0].version))  # in the form that every source of advisories uses
    except InvalidVersion:
        return None


def _cannot_be_read(path: Path, error: OSError | UnicodeDecodeError) -> Text:
    why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return Text(
        en=f"target.requirements: {path.name} cannot be read ({why})",
        fr=f"target.requirements : {path.name} est illisible ({why})",
    )


def _asks_for_nothing(path: Path) -> Text:
    return Text(
        en=f"{path.name} asks for no package: nothing was audited",
        fr=f"{path.name} ne demande aucun paquet : rien n’a été audité",
    )
