"""What ``portance demand`` says of an access log or an analytics export: lines to put into ``portance.toml``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from loadtests.errors import LoadTestError
from loadtests.habits import FEWEST, Habit, of_access_log, of_analytics
from scorecard.cli.errors import CommandError
from scorecard.evidence import Text
from scorecard.project import ProjectFile


def read(project: ProjectFile, access_log: Path | None, analytics: Path | None) -> tuple[Habit, ...]:
    """How people went through the journeys of ``project``.

    Raises:
        CommandError: both files or no journeys given, a file that cannot be read or says nothing of the journeys.
    """
    if access_log is not None and analytics is not None:
        raise CommandError(
            Text(
                en="give an access log or an analytics export, not both",
                fr="donner un journal ou un export, pas les deux",
            )
        )
    if not project.journeys:
        raise CommandError(
            Text(en="the project file describes no journey", fr="le fichier de projet ne décrit aucun parcours")
        )
    path, of = (analytics, of_analytics) if access_log is None else (access_log, of_access_log)
    assert path is not None
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            return of(file, project.journeys)
    except OSError as error:
        raise CommandError(
            Text(en=f"{path}: cannot be read ({error.strerror})", fr=f"{path} : illisible ({error.strerror})")
        ) from error
    except LoadTestError as error:
        raise CommandError(Text(en=f"{path}: {error}", fr=f"{path} : {error}")) from error


def lines(habits: Sequence[Habit], lang: str) -> list[str]:
    """The habits as keys of the project file, with what they rest on."""
    return list(_lines(habits, lang))


def as_document(habits: Sequence[Habit]) -> dict[str, Any]:
    """The same as JSON values."""
    return {
        "journeys": [
            {
                "name": habit.journey,
                "ended": habit.ended,
                "steps": [{"name": p.step, "think_s": p.seconds, "seen": p.seen} for p in habit.pauses],
            }
            for habit in habits
        ]
    }


def _lines(habits: Sequence[Habit], lang: str) -> Iterator[str]:
    least = min((habit.ended for habit in habits if habit.ended), default=1)
    for habit in habits:
        ended = Text(
            en=f"{habit.ended} visits reached its end", fr=f"{habit.ended} visites sont allées à son terme"
        ).in_(lang)
        yield f'name = "{habit.journey}"'
        yield f"weight = {habit.ended / least:.2f}  # {ended}" if habit.ended else f"# {ended}"
        for pause in habit.pauses:
            if pause.seconds is None:
                few = Text(en=f"seen {pause.seen} times, too few", fr=f"vu {pause.seen} fois, trop peu").in_(lang)
                yield f"  # {pause.step}: {few} ({FEWEST})"
            else:
                seen = Text(en=f"median of {pause.seen}", fr=f"médiane de {pause.seen}").in_(lang)
                yield f'  # {pause.step}: think = "{pause.seconds:g} s"  ({seen})'
        yield ""
