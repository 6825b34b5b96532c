"""Scorecards of many runs, read from their folders: the head of each, the whole of the last one of each project."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ConfigDict, Field, ValidationError
from pydantic_core import from_json

from scorecard.cli.runs import STATE
from scorecard.evidence import Strict, Text
from scorecard.portfolio import Answer, Point, Record, Shade, Unreadable
from scorecard.project import FILE_NAME
from scorecard.scorecard import SCHEMA, Colour, Decision, GradeRange, ProjectSummary, Verdict

SCORECARD = "scorecard.json"

DEPTH = 4
"""Levels of folders below the one given in which runs are looked for (an organisation, a team, a project, its runs)."""

_MOST = 64_000_000
"""Bytes of a scorecard above which it is none."""

_HEADS = (2_048, 16_384, _MOST)
"""Bytes that are tried one after the other: as scorecard.json is written, its head nearly always is in the first."""

_STAMP = re.compile(r"\d{8}T\d{6}Z")


class _Lenient(Strict):
    """Strict about what it reads, indifferent to fields that later versions add."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)


class _Condition(_Lenient):
    users_cap: int | None
    until: date = Field(strict=False)


class _Head(_Lenient):
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


class _Whole(_Head):
    criteria: tuple[_Criterion, ...] = Field(strict=False)
    indicators: tuple[_Indicator, ...] = Field(default=(), strict=False)
    validity: _Validity | None = None


_Model = TypeVar("_Model", bound=_Head)
_NEEDED = frozenset(_Head.model_fields)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A scorecard whose head could be read."""

    path: str
    name: str
    point: Point


class _NoScorecardError(Exception):
    """The file holds no scorecard that can be shown; ``text`` says why."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def read(folder: Path, today: date) -> tuple[list[Record], list[Unreadable]]:
    """Every project that has a run below ``folder``, and every folder there that gives none, with the reason.

    Of each run the head is read, of the last one of each project the whole; where that one is broken or contradicts
    itself, the one before stands for the project and the broken one is listed. Links that lead back to ``folder`` or
    into it are passed over.

    Raises:
        OSError: ``folder`` cannot be read.
    """
    seen: dict[str, list[_Seen]] = {}
    unreadable: list[Unreadable] = []
    root = str(folder)
    for path in _folders(root, root, DEPTH):
        try:
            item = _seen(path, root, today)
            seen.setdefault(item.name, []).append(item)
        except _NoScorecardError as error:
            unreadable.append(_unreadable(path, root, error.text))
    records = []
    for runs in seen.values():
        runs.sort(key=lambda s: (s.point.made, s.path))
        record, broken = _record(runs, root)
        unreadable.extend(broken)
        if record is not None:
            records.append(record)
    return records, unreadable


def _folders(folder: str, root: str, depth: int) -> Iterator[str]:
    """Folders that hold a scorecard, or that hold nothing to look further into."""
    if os.path.lexists(f"{folder}/{SCORECARD}"):
        yield folder
        return
    try:
        with os.scandir(folder) as entries:
            inside = sorted((e for e in entries if not e.name.startswith(".")), key=lambda e: e.name)
    except OSError:
        if folder == root:
            raise
        yield folder  # reading its scorecard says why
        return
    below = [e.path for e in inside if e.is_dir() and not (e.is_symlink() and _leads_back(e.path, root))]
    is_run = {FILE_NAME, STATE, "evidence"} & {e.name for e in inside}
    if is_run or not below or depth == 0:
        yield folder
        return
    for path in below:
        yield from _folders(path, root, depth - 1)


def _leads_back(link: str, root: str) -> bool:
    """Whether a link leads to what is found under ``root`` anyway ("latest"), or above it: it would count twice."""
    here, there = os.path.realpath(root), os.path.realpath(link)
    return os.path.commonpath([here, there]) in (here, there)


def _seen(path: str, root: str, today: date) -> _Seen:
    for most in _HEADS:
        document = _document(f"{path}/{SCORECARD}", most)
        if set(list(document)[:-1]) >= _NEEDED:  # the last one may be cut in the middle
            break
    head = _checked(_Head, document)
    if head.graded_on > today:
        raise _NoScorecardError(
            Text(en=f"it is dated in the future ({head.graded_on})", fr=f"sa date est dans le futur ({head.graded_on})")
        )
    return _Seen(
        path,
        head.project.name,
        Point(_made(path, head.graded_on), _below(path, root), head.graded_on, head.decision, head.grade),
    )


def _document(path: str, most: int) -> dict[str, Any]:
    """The JSON object of the file, as far as its first ``most`` bytes hold whole values."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise _NoScorecardError(_absent(path)) from error
    except OSError as error:
        raise _NoScorecardError(_refused(error)) from error
    try:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST:
            raise _NoScorecardError(
                Text(en="scorecard.json is no scorecard", fr="scorecard.json n’est pas une fiche d’évaluation")
            )
        end = os.pread(number, 8, max(0, status.st_size - 8)).rstrip()
        if not end.endswith(b"}"):
            raise _NoScorecardError(Text(en="scorecard.json is cut short", fr="scorecard.json est tronqué"))
        content = os.pread(number, min(most, status.st_size), 0)
        parsed = from_json(content, allow_inf_nan=False, allow_partial=len(content) < status.st_size)
    except OSError as error:
        raise _NoScorecardError(_refused(error)) from error
    except ValueError as error:
        raise _NoScorecardError(
            Text(en="scorecard.json is not valid JSON", fr="scorecard.json n’est pas du JSON valide")
        ) from error
    finally:
        os.close(number)
    if not isinstance(parsed, dict) or parsed.get("schema") != SCHEMA:
        raise _NoScorecardError(
            Text(en=f"scorecard.json is not of schema {SCHEMA}", fr=f"scorecard.json ne suit pas le schéma {SCHEMA}")
        )
    return parsed


def _checked(model: type[_Model], document: dict[str, Any]) -> _Model:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _NoScorecardError(
            Text(en=f"scorecard.json: {where} is wrong", fr=f"scorecard.json : {where} est incorrect")
        ) from error


def _record(runs: list[_Seen], root: str) -> tuple[Record | None, list[Unreadable]]:
    """The project of ``runs`` (oldest first) with the answers of the last one that holds together."""
    broken: list[Unreadable] = []
    while runs:
        last = runs[-1]
        try:
            whole = _checked(_Whole, _document(f"{last.path}/{SCORECARD}", _MOST))
            _hold_together(whole)
        except _NoScorecardError as error:
            broken.append(_unreadable(runs.pop().path, root, error.text, last.name))
            continue
        bound = whole.condition
        record = Record(
            name=whole.project.name,
            kind=whole.project.kind,
            users=whole.project.users,
            points=tuple(run.point for run in runs),
            answers=tuple(Answer(c.id, c.title, c.verdict, c.blocking) for c in whole.criteria),
            until=None if bound is None else bound.until,
            users_cap=None if bound is None else bound.users_cap,
            valid_until=None if whole.validity is None else whole.validity.until,
            shades=tuple(Shade(i.id, i.title, i.colour) for i in whole.indicators),
        )
        return record, broken
    return None, broken


def _hold_together(card: _Whole) -> None:
    """Refuse a scorecard whose decision its own criteria contradict: somebody changed it by hand."""
    verdicts = {c.verdict for c in card.criteria if c.blocking and c.verdict is not Verdict.NOT_APPLICABLE}
    go = card.decision in (Decision.GO, Decision.CONDITIONAL)
    if go and (not verdicts or verdicts & {Verdict.FAIL, Verdict.UNKNOWN}):
        raise _NoScorecardError(
            Text(
                en="it says go, and its own blocking criteria do not: it was changed after the judgement",
                fr="il donne un feu vert que ses propres critères bloquants contredisent : il a été modifié après coup",
            )
        )
    if card.decision is Decision.CONDITIONAL and card.condition is None:
        raise _NoScorecardError(
            Text(en="it is a conditional go without conditions", fr="c’est un feu vert conditionnel sans conditions")
        )


def _unreadable(path: str, root: str, reason: Text, project: str | None = None) -> Unreadable:
    named = _name_in_project_file(path) if project is None else project
    return Unreadable(_below(path, root), reason, named, _made(path, None))


def _name_in_project_file(path: str) -> str | None:
    try:
        name = tomllib.loads(Path(path, FILE_NAME).read_text(encoding="utf-8"))["project"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) else None


def _made(path: str, graded_on: date | None) -> str:
    """UTC time that the name of the folder begins with, else the date of the judgement: what orders the runs."""
    stamp = _STAMP.match(os.path.basename(path))  # noqa: PTH119 (a Path costs ten times as much, and there are 50 000)
    if stamp is not None:
        return stamp[0]
    return "" if graded_on is None else f"{graded_on:%Y%m%d}"


def _below(path: str, root: str) -> str:
    """``path`` from ``root`` on, as it can be shown: what is no printable character is replaced."""
    name = path[len(root) :].lstrip("/") or "."
    return name if name.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in name)


def _absent(path: str) -> Text:
    folder = Path(path).parent
    if (folder / FILE_NAME).exists() or (folder / STATE).exists():
        return Text(en="this run has no scorecard.json", fr="cette évaluation n’a pas de scorecard.json")
    return Text(en="not a run folder", fr="ce n’est pas un dossier d’évaluation")


def _refused(error: OSError) -> Text:
    return Text(en=f"cannot be read ({error.strerror})", fr=f"illisible ({error.strerror})")
