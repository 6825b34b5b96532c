"""``portance compare``: each side one or several runs, or folders of runs; what changed, in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from scorecard.cli.compare_conditions import warnings
from scorecard.cli.errors import CommandError
from scorecard.cli.grade import grade_run
from scorecard.cli.runs import STATE, Run
from scorecard.comparison import Change, Comparison, ComparisonError, Figure, Movement, Outcome, Turn, compare
from scorecard.evidence import Text
from scorecard.quantities import number
from scorecard.reports import labels
from scorecard.reports.words import Lang, Words
from scorecard.scorecard import GradeRange, Scorecard, Verdict

SCHEMA = "portance/comparison/1"

_OUTCOMES = {
    Outcome.NO_REGRESSION: Text(en="NO REGRESSION", fr="PAS DE RÉGRESSION"),
    Outcome.REGRESSION: Text(en="REGRESSION", fr="RÉGRESSION"),
    Outcome.INCOMPLETE: Text(
        en="NOT ALL OF IT COULD BE COMPARED; what could shows no regression",
        fr="TOUT N’A PAS PU ÊTRE COMPARÉ ; ce qui l’a été ne montre pas de régression",
    ),
}
_TURNS = {
    Turn.REGRESSION: Text(en="Worse", fr="Moins bien"),
    Turn.LOST: Text(en="No longer known", fr="Ce que l’on ne sait plus"),
    Turn.FOUND: Text(
        en="Seen for the first time, and not met (it was unknown before)",
        fr="Vu pour la première fois, et non satisfait (c’était inconnu avant)",
    ),
    Turn.REMOVED: Text(en="No longer asked", fr="Plus demandé"),
    Turn.ADDED: Text(en="Newly asked", fr="Nouvellement demandé"),
    Turn.WAIVER: Text(en="A waiver given or ended", fr="Dérogation donnée ou terminée"),
    Turn.IMPROVEMENT: Text(en="Better", fr="Mieux"),
}
_MOVEMENTS = {
    Movement.WORSE: Text(en="worse", fr="moins bien"),
    Movement.BETTER: Text(en="better", fr="mieux"),
    Movement.CHANGED: Text(en="changed", fr="changé"),
    Movement.NO_LONGER_KNOWN: Text(en="no longer known", fr="on ne le sait plus"),
    Movement.OTHER_UNIT: Text(en="given in another unit, not compared", fr="donné dans une autre unité, non comparé"),
    Movement.OTHER_MACHINE: Text(
        en="measured on another machine, not compared", fr="mesuré sur une autre machine, non comparé"
    ),
    Movement.OTHER_PROFILE: Text(
        en="measured with another profile, not compared", fr="mesuré avec un autre profil, non comparé"
    ),
    Movement.NOT_TOLD_FROM_NOISE: Text(en="cannot be told from noise", fr="ne se distingue pas du bruit"),
}
_NOT_COMPARED = frozenset({Movement.OTHER_MACHINE, Movement.OTHER_PROFILE})
_COUNTED = {
    Movement.NEWLY_KNOWN: Text(en="newly known: %(count)s", fr="connues désormais : %(count)s"),
    Movement.WITHIN_NOISE_FLOOR: Text(
        en="within %(share)s%% of what they were: %(count)s",
        fr="à moins de %(share)s %% de leur valeur d’avant : %(count)s",
    ),
}
"""Movements that are counted, not listed; the JSON holds them all."""


@dataclass(frozen=True)
class Sides:
    """Run folders of both sides, oldest first, no run twice."""

    base: tuple[Path, ...]
    new: tuple[Path, ...]

    @classmethod
    def of(cls, base: Sequence[Path], new: Sequence[Path]) -> Sides:
        """The runs at these paths, each a run folder or a folder that holds some.

        Raises:
            CommandError: a path holds no run.
        """
        return cls(_folders(base), _folders(new))


def compare_paths(sides: Sides, today: date, *, floor: float) -> Comparison:
    """The comparison of the runs of both sides, all judged by today's criteria.

    Each run is judged on the day of its own judgement, so that evidence that has aged since is no regression; ``today``
    is for a run that does not say it.

    Raises:
        CommandError: the runs are of several projects, or ``floor`` is no share.
        ProjectError: the project file of a run is wrong.
    """
    if not 0 <= floor < 1:
        raise CommandError(
            Text(
                en=f"--noise: a share between 0 and 1 is needed, not {floor:g}",
                fr=f"--noise : il faut une part entre 0 et 1, pas {floor:g}",
            )
        )
    try:
        return compare(_cards(sides.base, today), _cards(sides.new, today), floor=floor)
    except ComparisonError as error:
        raise CommandError(error.text) from error


def lines(found: Comparison, sides: Sides, lang: str) -> list[str]:
    """The comparison for a terminal: the outcome, decision and grade, what got worse first, then the figures."""
    known: Lang = "fr" if lang == "fr" else "en"
    words = Words(known)
    return [line.rstrip() for line in _lines(found, warnings(sides.base, sides.new, found.figures), words)]


def as_document(found: Comparison, sides: Sides, lang: str) -> dict[str, Any]:
    """The same as JSON values, schema ``portance/comparison/1``."""
    return {
        "schema": SCHEMA,
        "project": found.project,
        "outcome": found.outcome.value,
        "exit_code": found.outcome.exit_code,
        "runs": {"base": found.runs[0], "new": found.runs[1]},
        "noise_floor": found.floor,
        "warnings": [text.in_(lang) for text in warnings(sides.base, sides.new, found.figures)],
        "decision": {"base": found.decision[0].value, "new": found.decision[1].value},
        "grade": {side: grade.model_dump() for side, grade in zip(("base", "new"), found.grade, strict=True)},
        "changes": [_change_document(change, lang) for change in found.changes],
        "figures": [asdict(figure) for figure in found.figures],
    }


def _cards(folders: Sequence[Path], today: date) -> list[Scorecard]:
    return [grade_run(Run(folder), _judged_on(folder, today)) for folder in folders]


def _folders(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Folders of the runs at ``paths``, oldest first (their names begin with their time), each once."""
    found = {folder.resolve(): folder for path in paths for folder in _runs_at(path)}
    return tuple(sorted(found.values(), key=lambda folder: (folder.name, folder)))


def _runs_at(path: Path) -> list[Path]:
    if Run(path).project_file.is_file():
        return [path]
    inside = (
        [p for p in path.iterdir() if not p.is_symlink() and Run(p).evidence_folder.is_dir()] if path.is_dir() else []
    )
    found = [p for p in inside if Run(p).project_file.is_file()]
    if not found:
        raise CommandError(
            Text(
                en=f"{path}: neither a run folder nor a folder that holds runs",
                fr=f"{path} : ni un dossier d’évaluation, ni un dossier qui en contient",
            )
        )
    return found


def _judged_on(folder: Path, today: date) -> date:
    try:
        return date.fromisoformat(json.loads((folder / STATE).read_text(encoding="utf-8"))["graded_on"])
    except (OSError, ValueError, KeyError, TypeError):
        return today


def _lines(found: Comparison, warned: Sequence[Text], words: Words) -> Iterator[str]:
    yield f"{words.say(_OUTCOMES[found.outcome])} — {found.project}"
    decisions = [words.name(labels.DECISIONS, decision) for decision in found.decision]
    yield _pair(Text(en="Decision: ", fr="Décision\u00a0: "), decisions, words)
    yield _pair(Text(en="Grade: ", fr="Note\u00a0: "), [_grade(grade, words) for grade in found.grade], words)
    yield words.say(_on_what(found))
    for text in warned:
        yield "! " + words.say(text)
    for turn in Turn:
        turned = [change for change in found.changes if change.turn is turn]
        if turned:
            yield ""
            yield f"{words.say(_TURNS[turn])} ({len(turned)})"
            yield from (_change_line(change, words) for change in turned)
    shown = [figure for figure in found.figures if figure.movement not in _COUNTED]
    if found.figures:
        yield ""
        yield words.say(Text(en="Figures", fr="Valeurs"))
    yield from _figure_lines(shown, words)
    yield from _counted(found, words)


def _counted(found: Comparison, words: Words) -> Iterator[str]:
    """Figures that deserve no line of their own."""
    for movement, told in _COUNTED.items():
        count = sum(figure.movement is movement for figure in found.figures)
        if count:
            share = number(found.floor * 100, words.lang)
            yield "  " + words.say(told) % {"count": count, "share": share}


def _on_what(found: Comparison) -> Text:
    before, after = found.runs
    if before == after == 1:
        return Text(
            en="One run each: too few runs to tell a change of a measured figure from noise.",
            fr="Une évaluation de chaque côté : trop peu pour distinguer du bruit le changement d’une valeur mesurée.",
        )
    return Text(
        en=f"{before} runs against {after}; verdicts are those of the last run of each side.",
        fr=f"{before} évaluations contre {after} ; les verdicts sont ceux de la dernière de chaque côté.",
    )


def _pair(head: Text, both: Sequence[str], words: Words) -> str:
    return head.in_(words.lang) + (both[0] if both[0] == both[1] else " → ".join(both))


def _grade(grade: GradeRange, words: Words) -> str:
    if grade.low == grade.high:
        return grade.low
    return words.gettext("between %(low)s and %(high)s") % {"low": grade.low, "high": grade.high}


def _change_line(change: Change, words: Words) -> str:
    turned = " → ".join(_verdict(verdict, words) for verdict in (change.before, change.after))
    blocking = words.say(Text(en=" [blocking]", fr=" [bloquant]")) if change.blocking else ""
    return f"  {turned}  {change.criterion}{blocking}  {words.say(change.title)} – {words.say(change.reason)}"


def _verdict(verdict: Verdict | None, words: Words) -> str:
    return (
        words.say(Text(en="not asked", fr="non demandé")) if verdict is None else words.name(labels.VERDICTS, verdict)
    )


def _figure_lines(figures: Sequence[Figure], words: Words) -> Iterator[str]:
    width = max((len(figure.fact) for figure in figures), default=0)
    for figure in figures:
        before, after = (words.quantity(value, figure.unit) for value in (figure.before, figure.after))
        yield f"  {figure.fact:<{width}}  {before} → {after}{_share(figure, words)}  {words.say(_worth(figure))}"


def _share(figure: Figure, words: Words) -> str:
    if figure.relative is None:
        return ""
    percent = number(figure.relative * 100, words.lang, 2)
    sign, space = "+" if figure.relative > 0 else "", "\u00a0" if words.lang == "fr" else ""
    return f" ({sign}{percent}{space}%)"


def _worth(figure: Figure) -> Text:
    if figure.movement is Movement.TOO_FEW_RUNS:
        return _too_few(figure)
    said = _MOVEMENTS[figure.movement]
    if figure.test is None or figure.better is None or figure.movement in _NOT_COMPARED:
        return said
    delta = {lang: number(figure.test.delta, lang, 2) for lang in ("en", "fr")}
    p = {lang: number(figure.test.p, lang, 2) for lang in ("en", "fr")}
    return Text(
        en=f"{said.en} (Cliff's delta {delta['en']}, p {p['en']})",
        fr=f"{said.fr} (delta de Cliff {delta['fr']}, p {p['fr']})",
    )


def _too_few(figure: Figure) -> Text:
    before, after = figure.runs
    if before == after == 1:
        return Text(
            en="one run each: too few runs to tell a change from noise",
            fr="une évaluation de chaque côté : trop peu pour distinguer un changement du bruit",
        )
    return Text(
        en=f"{before} against {after}: too few runs, {figure.needed} on each side are the fewest that could tell",
        fr=f"{before} contre {after} : trop peu d’évaluations, il en faut au moins {figure.needed} de chaque côté",
    )


def _change_document(change: Change, lang: str) -> dict[str, Any]:
    return {
        "turn": change.turn.value,
        "criterion": change.criterion,
        "title": change.title.in_(lang),
        "blocking": change.blocking,
        "before": None if change.before is None else change.before.value,
        "after": None if change.after is None else change.after.value,
        "reason": change.reason.in_(lang),
    }
