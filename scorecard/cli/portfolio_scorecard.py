"""One scorecard.json, read as far as it is asked for: its head, or all that a portfolio shows of it."""

from __future__ import annotations

import os
import stat
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, ValidationError
from pydantic_core import from_json

from scorecard.cli.runs import STATE
from scorecard.evidence import Strict, Text
from scorecard.project import FILE_NAME
from scorecard.scorecard import SCHEMA, Colour, Decision, GradeRange, ProjectSummary, Verdict

SCORECARD = "scorecard.json"

_MOST = 64_000_000
"""Bytes of a scorecard above which it is none."""

_HEADS = (1_024, 4_096, 16_384, _MOST)
"""Bytes that are tried one after the other: as scorecard.json is written, its head nearly always is in the first."""

_NO_JSON = (b"NaN", b"Infinity")
"""Numbers that no JSON has, and that a file written by hand may hold."""


class NoScorecardError(Exception):
    """The file holds no scorecard that can be shown; ``text`` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class _Lenient(Strict):
    """Strict about what it reads, indifferent to fields that later versions add."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)


class _Condition(_Lenient):
    users_cap: int | None
    until: date = Field(strict=False)


class Head(_Lenient):
    """What stands first in the file: whose it is, when and how it was judged."""

    project: ProjectSummary
    graded_on: date = Field(strict=False)
    decision: Decision = Field(strict=False)
    condition: _Condition | None
    grade: GradeRange


class _Criterion(_Lenient):
    id: str
    title: str
    verdict: Verdict = Field(strict=False)
    blocking: bool


class _Indicator(_Lenient):
    id: str
    title: str
    colour: Colour = Field(strict=False)


class _Validity(_Lenient):
    until: date = Field(strict=False)


class Whole(Head):
    """The head, and every answer."""

    criteria: tuple[_Criterion, ...] = Field(strict=False)
    indicators: tuple[_Indicator, ...] = Field(default=(), strict=False)
    validity: _Validity | None = None


_NEEDED = frozenset(Head.model_fields)


def head(folder: str) -> Head:
    """The head of the scorecard in ``folder``.

    Raises:
        NoScorecardError: there is none, or none that can be shown.
    """
    for most in _HEADS:
        content, complete = _content(folder, most)
        document = _document(content, complete=complete)
        if set(list(document)[:-1]) >= _NEEDED:  # the last one may be cut in the middle
            break
    try:
        return Head.model_validate(document)
    except ValidationError as error:
        raise _wrong(error) from error


def whole(folder: str) -> Whole:
    """All that is shown of the scorecard in ``folder``, whose head was read before. Raises NoScorecardError."""
    content, _ = _content(folder, _MOST)
    if any(word in content for word in _NO_JSON):  # pydantic lets them pass in what it does not read
        _document(content, complete=True)
    try:
        return Whole.model_validate_json(content)  # no detour by Python objects for what is not read
    except ValidationError as error:
        raise _wrong(error) from error


def _content(folder: str, most: int) -> tuple[bytes, bool]:
    """The first ``most`` bytes of the file, and whether they are all of it."""
    try:
        number = os.open(f"{folder}/{SCORECARD}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NoScorecardError(_absent(Path(folder))) from error
    except OSError as error:
        raise NoScorecardError(_refused(error)) from error
    try:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST:
            raise NoScorecardError(
                Text(en="scorecard.json is no scorecard", fr="scorecard.json n’est pas une fiche d’évaluation")
            )
        end = os.pread(number, 8, max(0, status.st_size - 8)).rstrip()
        if not end.endswith(b"}"):
            raise NoScorecardError(Text(en="scorecard.json is cut short", fr="scorecard.json est tronqué"))
        content = os.pread(number, min(most, status.st_size), 0)
    except OSError as error:
        raise NoScorecardError(_refused(error)) from error
    finally:
        os.close(number)
    return content, len(content) >= status.st_size


def _document(content: bytes, *, complete: bool) -> dict[str, Any]:
    """The JSON object of the file, as far as ``content`` holds whole values."""
    try:
        parsed = from_json(content, allow_inf_nan=False, allow_partial=not complete)
    except ValueError as error:
        raise NoScorecardError(
            Text(en="scorecard.json is not valid JSON", fr="scorecard.json n’est pas du JSON valide")
        ) from error
    if not isinstance(parsed, dict) or parsed.get("schema") != SCHEMA:
        raise NoScorecardError(
            Text(en=f"scorecard.json is not of schema {SCHEMA}", fr=f"scorecard.json ne suit pas le schéma {SCHEMA}")
        )
    return parsed


def _wrong(error: ValidationError) -> NoScorecardError:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return NoScorecardError(
            Text(en="scorecard.json is not valid JSON", fr="scorecard.json n’est pas du JSON valide")
        )
    where = ".".join(str(part) for part in first["loc"])
    return NoScorecardError(Text(en=f"scorecard.json: {where} is wrong", fr=f"scorecard.json : {where} est incorrect"))


def _absent(folder: Path) -> Text:
    if (folder / FILE_NAME).exists() or (folder / STATE).exists():
        return Text(en="this run has no scorecard.json", fr="cette évaluation n’a pas de scorecard.json")
    return Text(en="not a run folder", fr="ce n’est pas un dossier d’évaluation")


def _refused(error: OSError) -> Text:
    return Text(en=f"cannot be read ({error.strerror})", fr=f"illisible ({error.strerror})")
