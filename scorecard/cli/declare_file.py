"""Declarations written into a portance.toml as a person would: comments, order and line ends stay as they are."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scorecard.cli import toml_text
from scorecard.cli.errors import CommandError
from scorecard.evidence import Text
from scorecard.project import Declaration

_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*declarations[ \t]*\]\][ \t]*(#.*)?$")
_ANY_HEADER = re.compile(r"^[ \t]*\[")
_KEYS = ("value", "owner", "link", "date")


def save(path: Path, declarations: Sequence[Declaration]) -> None:
    """Write ``declarations`` into the file at ``path``, whole or not at all; one of the same fact is renewed in place.

    The file is read again first: what somebody changed in it meanwhile stays.

    Raises:
        CommandError: the file holds declarations in a way that cannot be changed safely.
        OSError: it cannot be read or written.
    """
    path = path.resolve()
    content = path.read_bytes().decode("utf-8")
    written = with_declarations(content, declarations)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(written.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def with_declarations(content: str, declarations: Sequence[Declaration]) -> str:
    """``content`` with ``declarations`` in it; reading it back gives these and all that stood there before.

    Raises:
        CommandError: that cannot be had, since the file writes its declarations in another way.
    """
    end = "\r\n" if "\r\n" in content else "\n"
    lines = content.replace("\r\n", "\n").split("\n")
    before = tomllib.loads(content)
    expected: list[Mapping[str, Any]] = list(before.get("declarations", []))
    for one in declarations:
        table = {"fact": one.fact, **{key: getattr(one, key) for key in _KEYS}}
        place = next((n for n, old in enumerate(expected) if old.get("fact") == one.fact), None)
        if place is None:
            expected.append(table)
            _append(lines, table)
        else:
            expected[place] = {**expected[place], **table}
            _renew(lines, place, table)
    written = end.join(lines)
    try:
        right = tomllib.loads(written) == {**before, "declarations": expected}
    except tomllib.TOMLDecodeError:
        right = False
    if not right:
        raise _by_hand(declarations)
    return written


def block(table: Mapping[str, Any]) -> list[str]:
    """The lines of one ``[[declarations]]`` table."""
    return ["[[declarations]]", *(f"{key} = {_toml(table[key])}" for key in ("fact", *_KEYS))]


def _append(lines: list[str], table: Mapping[str, Any]) -> None:
    while lines and not lines[-1].strip():
        lines.pop()
    lines.extend([*([""] if lines else []), *block(table), ""])


def _renew(lines: list[str], place: int, table: Mapping[str, Any]) -> None:
    """Set the keys of the table that stands at ``place`` among the declarations, each on the line it has."""
    headers = [n for n, line in enumerate(lines) if _HEADER.match(line)]
    if place >= len(headers):
        return  # reading it back will tell
    start = headers[place] + 1
    end = next((n for n in range(start, len(lines)) if _ANY_HEADER.match(lines[n])), len(lines))
    for key in _KEYS:
        pattern = re.compile(rf"^([ \t]*){key}([ \t]*)=")
        for number in range(start, end):
            found = pattern.match(lines[number])
            if found is not None:
                lines[number] = f"{found[1]}{key}{found[2]}= {_toml(table[key])}{_comment(lines[number])}"
                break


def _comment(line: str) -> str:
    """The comment at the end of a line ``key = value``, with the space before it; a sharp inside a string is none."""
    for place in (n for n, character in enumerate(line) if character == "#"):
        try:
            tomllib.loads(line[:place])
        except tomllib.TOMLDecodeError:
            continue
        return "  " + line[place:]
    return ""


def _toml(value: object) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else toml_text.value(value)


def _by_hand(declarations: Sequence[Declaration]) -> CommandError:
    names = ", ".join(d.fact for d in declarations)
    return CommandError(
        Text(
            en=f"the file writes its declarations in a way that cannot be changed safely; write {names} by hand "
            "as [[declarations]] tables",
            fr=f"le fichier écrit ses déclarations d’une façon qui ne peut être modifiée sans risque ; écrire {names} "
            "à la main, en tables [[declarations]]",
        )
    )
