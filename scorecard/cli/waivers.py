"""Waivers of the project file that count for nothing, each with the line that is wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from scorecard import project
from scorecard.cli.criteria_folders import criteria_of, kept
from scorecard.cli.runs import Run
from scorecard.evidence import Text
from scorecard.lines import line_of
from scorecard.project import ProjectFile, Waiver
from scorecard.quantities import day


@dataclass(frozen=True)
class Refused:
    """A waiver that counts for nothing: where the mistake stands (``file:line``), and what it is."""

    waiver: Waiver
    at: str
    text: Text


def refused(known: ProjectFile, content: str, name: str, criteria: Collection[str], today: date) -> list[Refused]:
    """Waivers of a project file that name none of ``criteria`` (ids) or have expired on ``today``, in their order.

    ``content`` is the text of the file and ``name`` what people call it.
    """
    found = []
    for number, waiver in enumerate(known.waivers):
        if waiver.criterion not in criteria:
            found.append(Refused(waiver, _place(content, name, number, "criterion"), _unknown(waiver)))
        elif waiver.expires < today:
            found.append(Refused(waiver, _place(content, name, number, "expires"), _expired(waiver)))
    return found


def refused_waivers(run: Run, today: date, name: str | None = None, own: Sequence[Path] | None = None) -> list[Refused]:
    """The same of a run folder; ``own`` criteria instead of those it keeps, ``name`` for its project file.

    Raises:
        ProjectError: the project file is wrong.
    """
    criteria = {criterion.id for criterion in criteria_of(kept(run) if own is None else own)}
    content = run.project_file.read_text(encoding="utf-8")
    shown = str(run.project_file) if name is None else name
    return refused(project.load(run.project_file), content, shown, criteria, today)


def misnamed(known: ProjectFile, content: str, name: str, criteria: Collection[str]) -> Text | None:
    """What is wrong with the first waiver that names no criterion, its place in front; None when each names one."""
    wrong = next(iter(refused(known, content, name, criteria, date.min)), None)
    if wrong is None:
        return None
    return Text(en=f"{wrong.at}: {wrong.text.en}", fr=f"{wrong.at} : {wrong.text.fr}")


def _place(content: str, name: str, number: int, key: str) -> str:
    return f"{name}:{line_of(content, ('waivers', number, key))}"


def _unknown(waiver: Waiver) -> Text:
    return Text(
        en=f"the waiver of {waiver.criterion} counts for nothing: there is no such criterion",
        fr=f"la dérogation sur {waiver.criterion} est sans effet : ce critère n’existe pas",
    )


def _expired(waiver: Waiver) -> Text:
    return Text(
        en=f"the waiver of {waiver.criterion} expired on {day(waiver.expires, 'en')} and counts for nothing",
        fr=f"la dérogation sur {waiver.criterion} a expiré le {day(waiver.expires, 'fr')} et ne compte plus",
    )
