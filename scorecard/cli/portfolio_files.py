"""Scorecards of many runs, read from their folders: the head of each, the whole of the last one of each project."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from scorecard.cli.portfolio_scorecard import SCORECARD, NoScorecardError, Whole, head, whole
from scorecard.cli.runs import STATE
from scorecard.evidence import Text
from scorecard.portfolio import Answer, Point, Record, Shade, Unreadable
from scorecard.project import FILE_NAME
from scorecard.scorecard import Decision, Verdict

DEPTH = 4
"""Levels of folders below the one given in which runs are looked for (an organisation, a team, a project, its runs)."""

_STAMP = re.compile(r"\d{8}T\d{6}Z")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A scorecard whose head could be read."""

    path: str
    name: str
    point: Point


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
        except NoScorecardError as error:
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
    found = head(path)
    if found.graded_on > today:
        raise NoScorecardError(
            Text(
                en=f"it is dated in the future ({found.graded_on})", fr=f"sa date est dans le futur ({found.graded_on})"
            )
        )
    return _Seen(
        path,
        found.project.name,
        Point(_made(path, found.graded_on), _below(path, root), found.graded_on, found.decision, found.grade),
    )


def _record(runs: list[_Seen], root: str) -> tuple[Record | None, list[Unreadable]]:
    """The project of ``runs`` (oldest first) with the answers of the last one that holds together."""
    broken: list[Unreadable] = []
    while runs:
        last = runs[-1]
        try:
            card = whole(last.path)
            _hold_together(card)
        except NoScorecardError as error:
            broken.append(_unreadable(runs.pop().path, root, error.text, last.name))
            continue
        bound = card.condition
        record = Record(
            name=card.project.name,
            kind=card.project.kind,
            users=card.project.users,
            points=tuple(run.point for run in runs),
            answers=tuple(Answer(c.id, c.title, c.verdict, c.blocking) for c in card.criteria),
            until=None if bound is None else bound.until,
            users_cap=None if bound is None else bound.users_cap,
            valid_until=None if card.validity is None else card.validity.until,
            shades=tuple(Shade(i.id, i.title, i.colour) for i in card.indicators),
        )
        return record, broken
    return None, broken


def _hold_together(card: Whole) -> None:
    """Refuse a scorecard whose decision its own criteria contradict: somebody changed it by hand."""
    verdicts = {c.verdict for c in card.criteria if c.blocking and c.verdict is not Verdict.NOT_APPLICABLE}
    go = card.decision in (Decision.GO, Decision.CONDITIONAL)
    if go and (not verdicts or verdicts & {Verdict.FAIL, Verdict.UNKNOWN}):
        raise NoScorecardError(
            Text(
                en="it says go, and its own blocking criteria do not: it was changed after the judgement",
                fr="il donne un feu vert que ses propres critères bloquants contredisent : il a été modifié après coup",
            )
        )
    if card.decision is Decision.CONDITIONAL and card.condition is None:
        raise NoScorecardError(
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
