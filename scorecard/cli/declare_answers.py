"""Answers read from a file, TOML or CSV: every line that is wrong is named, and then nothing is taken."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scorecard.cli.declare_questions import Value, declaration, value_from
from scorecard.criteria import Criterion
from scorecard.declarations import units
from scorecard.project import Declaration, ProjectError

COLUMNS = ("fact", "value", "owner", "link", "date")


class AnswersError(Exception):
    """The file cannot be taken; ``lines`` say what is wrong, each with its number in the file."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = tuple(lines)


@dataclass(frozen=True)
class _Row:
    line: int
    cells: Mapping[str, Any]


def read(path: Path, criteria: Sequence[Criterion], today: date) -> tuple[Declaration, ...]:
    """The declarations of the file at ``path``; the format follows its name (.csv, else TOML).

    Raises:
        AnswersError: with every line that is wrong.
        OSError: the file cannot be read.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
        rows = list(_from_csv(content) if path.suffix.lower() == ".csv" else _from_toml(content))
    except UnicodeDecodeError as error:
        raise AnswersError([f"{path.name}: not UTF-8 text (byte {error.start})"]) from error
    except (tomllib.TOMLDecodeError, csv.Error, ValueError) as error:
        raise AnswersError([f"{path.name}: {error}"]) from error
    found: list[Declaration] = []
    wrong: list[str] = []
    times = Counter(str(row.cells.get("fact")) for row in rows)
    for row in rows:
        try:
            if times[str(row.cells.get("fact"))] > 1:
                raise ProjectError(
                    f"declarations: {row.cells.get('fact')} stands {times[str(row.cells['fact'])]} times"
                )
            found.append(_declaration(row.cells, criteria, today))
        except (ProjectError, ValueError) as error:
            wrong.append(f"{path.name}:{row.line}: {_said(error)}")
    if wrong or not rows:
        raise AnswersError(wrong if wrong else [f"{path.name}: holds no declarations"])
    return tuple(found)


def _said(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg'].removeprefix('Value error, ')}"
    return str(error).removeprefix("declarations: ")


def _declaration(cells: Mapping[str, Any], criteria: Sequence[Criterion], today: date) -> Declaration:
    unknown = sorted(set(cells) - set(COLUMNS))
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; known here: {', '.join(COLUMNS)}")
    missing = [name for name in COLUMNS if cells.get(name) in (None, "")]
    if missing:
        raise ValueError(f"{missing[0]}: missing")
    fact, on = str(cells["fact"]), _date(cells["date"])
    if on > today:
        raise ValueError(f"date: {on.isoformat()} is in the future")
    return declaration(
        fact, _value(cells["value"], fact, criteria), str(cells["owner"]), str(cells["link"]), on, criteria
    )


def _value(given: Any, fact: str, criteria: Sequence[Criterion]) -> Value:
    """A value as TOML holds it is taken as it is; words of a CSV are read in the unit of the question."""
    if isinstance(given, _Words):
        unit = units(criteria).get(fact)
        if unit is None:
            return str(given)
        try:
            return value_from(given, unit)
        except ValueError as error:
            raise ValueError(f"{fact}: {error} (got {str(given)!r})") from error
    if isinstance(given, bool | int | float | str):
        return given
    raise ValueError(f"{fact}: a value is expected (got {given!r})")


def _date(given: Any) -> date:
    if type(given) is date:
        return given
    try:
        return date.fromisoformat(str(given))
    except ValueError as error:
        raise ValueError(f"date: a day such as 2026-11-22 is expected (got {str(given)!r})") from error


class _Words(str):
    """A cell of a CSV, whose type is not known yet."""

    __slots__ = ()


def _from_csv(content: str) -> Iterator[_Row]:
    first = content.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    head = [name.strip().lower() for name in next(reader, [])]
    if sorted(head) != sorted(COLUMNS):
        raise ValueError(f"the first line names the columns {', '.join(COLUMNS)} (got {', '.join(head)})")
    last = reader.line_num
    for cells in reader:
        line, last = last + 1, reader.line_num
        if any(cell.strip() for cell in cells):
            if len(cells) != len(head):
                yield _Row(line, {f"{len(cells)} cells": "", "fact": cells[0]})
                continue
            yield _Row(line, {name: _Words(cell.strip()) for name, cell in zip(head, cells, strict=True)})


def _from_toml(content: str) -> Iterator[_Row]:
    document = tomllib.loads(content)
    unknown = sorted(set(document) - {"declarations"})
    if unknown:
        raise ValueError(f"unknown table {unknown[0]!r}; answers are [[declarations]] tables")
    tables = document.get("declarations", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError("answers are tables of a list, with two brackets: [[declarations]]")
    starts = [n for n, line in enumerate(content.splitlines(), 1) if re.match(r"\s*\[\[\s*declarations\s*\]\]", line)]
    for number, table in enumerate(tables):
        yield _Row(starts[number] if number < len(starts) else 1, table)
