"""What two sides were not asked alike: a warning before the figures, since no test of them can see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from scorecard.cli.runs import Run
from scorecard.comparison import Figure, Movement
from scorecard.evidence import Text
from scorecard.project import ProjectFile, load

_SECTIONS = {
    "demand": Text(en="the demand", fr="la demande"),
    "journeys": Text(en="the journeys", fr="les parcours"),
    "objectives": Text(en="the objectives", fr="les objectifs"),
    "load": Text(en="how the load is made", fr="la façon de produire la charge"),
}
_WORKERS = Text(en="the workers of the service", fr="les processus du service")
_MOVEMENTS = {
    Movement.OTHER_MACHINE: Text(
        en="The sides ran on different machines: measured figures are not compared.",
        fr="Les deux côtés ont tourné sur des machines différentes : les valeurs mesurées ne sont pas comparées.",
    ),
    Movement.OTHER_PROFILE: Text(
        en="The sides ran with different profiles (how long and deep to look): figures measured under them are not "
        "compared.",
        fr="Les deux côtés ont tourné avec des profils différents (durée et profondeur) : les valeurs ainsi mesurées "
        "ne sont pas comparées.",
    ),
}

_TWICE = Text(
    en="Some run stands on both sides, which makes them look more alike than they are.",
    fr="Une évaluation figure des deux côtés, ce qui les fait paraître plus semblables qu’ils ne le sont.",
)


def warnings(base: Sequence[Path], new: Sequence[Path], figures: Sequence[Figure]) -> tuple[Text, ...]:
    """What a reader must know before the figures of the runs at ``base`` and at ``new``: every way in which the
    conditions differed, whatever came of it.

    Raises:
        ProjectError: the project file of a run is wrong.
    """
    both = {folder.resolve() for folder in base} & {folder.resolve() for folder in new}
    twice = len(base) + len(new) > 2 and bool(both)
    moved = {figure.movement for figure in figures}
    found = [text for movement, text in _MOVEMENTS.items() if movement in moved]
    if twice:
        found.append(_TWICE)
    asked = list(_asked([load(Run(folder).project_file) for folder in (*base, *new)]))
    if asked:
        listed = {lang: ", ".join(text.in_(lang) for text in asked) for lang in ("en", "fr")}
        found.append(
            Text(
                en=f"The project files of these runs differ in what was tried: {listed['en']}. A figure may have "
                "changed for that reason alone.",
                fr=f"Les fichiers de projet de ces évaluations diffèrent par ce qui a été essayé : {listed['fr']}. Une "
                "valeur peut avoir changé pour cette seule raison.",
            )
        )
    return tuple(found)


def _asked(projects: Sequence[ProjectFile]) -> Iterator[Text]:
    first = projects[0]
    for section, text in _SECTIONS.items():
        if any(getattr(other, section) != getattr(first, section) for other in projects[1:]):
            yield text
    if any(other.target.workers != first.target.workers for other in projects[1:]):
        yield _WORKERS
