"""A threshold: its number once the project file is known, its words, and the comparison with a value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, assert_never

from scorecard.criteria import Criterion, Reference, Threshold
from scorecard.evidence import Text, Unit
from scorecard.project import ProjectFile
from scorecard.quantities import both

Side = Literal["pass", "warn", "fail"]

ROUNDING = 1e-12
"""Relative error of binary fractions ("0.7 %" is 0.006999…): a value this near to a threshold is on it."""

_SOURCES = {
    "project.users": Text(en="the users of the project", fr="les usagers du projet"),
    "project.agents": Text(en="the agents of the project", fr="les agents du projet"),
    "objectives.p95": Text(en="the p95 objective of the project", fr="l’objectif p95 du projet"),
    "objectives.error_rate": Text(en="the error objective of the project", fr="l’objectif d’erreurs du projet"),
    "objectives.headroom": Text(en="the margin objective of the project", fr="l’objectif de marge du projet"),
}


@dataclass(frozen=True)
class Line:
    """A criterion's thresholds as values: one for yes/no and words, one or two for numbers."""

    pass_: bool | float | str
    warn: float | str | None


def line(criterion: Criterion, project: ProjectFile) -> Line:
    """The thresholds of ``criterion`` for ``project``."""
    warn = None if criterion.warn is None else _resolved(criterion.warn, project)
    assert not isinstance(warn, bool)  # the criterion model refuses it
    return Line(_resolved(criterion.pass_, project), warn)


def side(value: bool | float | str, criterion: Criterion, at: Line) -> Side:
    """On which side of the thresholds ``value`` is; on a threshold is on its good side, unless it is exclusive."""
    if criterion.better == "equal":
        if _equals(value, at.pass_):
            return "pass"
        return "warn" if _equals(value, at.warn) else "fail"
    if isinstance(value, bool | str) or isinstance(at.pass_, bool | str) or isinstance(at.warn, str):
        return "fail"
    if _reaches(value, at.pass_, criterion):
        return "pass"
    if at.warn is not None and _reaches(value, at.warn, criterion):
        return "warn"
    return "fail"


def words(criterion: Criterion, at: Line | None) -> Text:
    """The thresholds in words; with ``at`` None a reference is named instead of given as a number."""
    limit = _value_words(criterion.pass_, None if at is None else at.pass_, criterion.unit)
    warns = None
    if criterion.warn is not None:
        warns = _value_words(criterion.warn, None if at is None else at.warn, criterion.unit)
    return _bounded(limit, warns, criterion.better, criterion.exclusive)


@lru_cache(maxsize=1_024)  # many questions have the same line, above all "yes"
def _bounded(limit: Text, warns: Text | None, better: Literal["higher", "lower", "equal"], exclusive: bool) -> Text:
    match better:
        case "higher":
            en, fr = ("more than", "plus de") if exclusive else ("at least", "au moins")
            tolerated = "tolerated from", "toléré à partir de"
        case "lower":
            en, fr = ("under", "moins de") if exclusive else ("at most", "au plus")
            tolerated = "tolerated up to", "toléré jusqu’à"
        case "equal":
            en, fr = "", ""
            tolerated = "tolerated:", "toléré :"
        case _:
            assert_never(better)
    text = Text(en=f"{en} {limit.en}".lstrip(), fr=f"{fr} {limit.fr}".lstrip())
    if warns is None:
        return text
    return Text(en=f"{text.en} ({tolerated[0]} {warns.en})", fr=f"{text.fr} ({tolerated[1]} {warns.fr})")


def _equals(value: bool | float | str, expected: bool | float | str | None) -> bool:
    """Equality that does not take True for 1."""
    return type(value) is type(expected) and value == expected


def _reaches(value: float, limit: float, criterion: Criterion) -> bool:
    if math.isclose(value, limit, rel_tol=ROUNDING, abs_tol=0.0):
        return not criterion.exclusive
    match criterion.better:
        case "higher":
            return value > limit
        case "lower":
            return value < limit
        case "equal":
            return False
        case _:
            assert_never(criterion.better)


def _resolved(threshold: Threshold, project: ProjectFile) -> bool | float | str:
    if not isinstance(threshold, Reference):
        return threshold
    return _referred(threshold, project) * threshold.times + threshold.plus


def _referred(reference: Reference, project: ProjectFile) -> float:
    match reference.of:
        case "project.users":
            return project.project.users
        case "project.agents":
            return project.project.agents
        case "objectives.p95":
            return project.objectives.p95
        case "objectives.error_rate":
            return project.objectives.error_rate
        case "objectives.headroom":
            return project.objectives.headroom
        case _:
            assert_never(reference.of)


def _value_words(threshold: Threshold | None, value: bool | float | str | None, unit: Unit) -> Text:
    if value is not None:
        return both(value, unit, None)
    assert threshold is not None
    if not isinstance(threshold, Reference):
        return both(threshold, unit, None)
    source = _SOURCES[threshold.of]
    factor = both(threshold.times, Unit.COUNT, None)
    plus = both(threshold.plus, unit, None)
    en = source.en + ("" if threshold.times == 1 else f" times {factor.en}")
    fr = source.fr + ("" if threshold.times == 1 else f" fois {factor.fr}")
    if threshold.plus:
        return Text(en=f"{plus.en} plus {en}", fr=f"{plus.fr} plus {fr}")
    return Text(en=en, fr=fr)
