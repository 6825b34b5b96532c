"""Values that a fact can have, around the thresholds of the criterion that reads it."""

from __future__ import annotations

from scorecard.criteria import Criterion
from scorecard.declarations import MOST
from scorecard.evidence import Unit
from scorecard.grading import thresholds
from scorecard.project import ProjectFile

Value = bool | float | str

ABOVE_ONE = frozenset(
    {
        "load.headroom",
        "load.service_cpu",
        "load.generator_cpu",
        "load.scaling_efficiency",
        "growth.p95_ratio",
        "soak.memory_after_an_hour",
        "soak.latency_after_an_hour",
    }
)
"""Facts in the unit "1" that are no share: a margin, cores in use, and what something became as a multiple of it."""

_WHOLE = (Unit.COUNT, Unit.USERS)


def values(criterion: Criterion, project: ProjectFile) -> list[Value]:
    """Values to grade ``criterion`` on, numbers in rising order: the ends of what can be, and around each threshold."""
    line = thresholds.line(criterion, project)
    match criterion.unit:
        case Unit.YES_NO:
            return [False, True]
        case Unit.TEXT:
            return [line.pass_, "another word", *([] if line.warn is None else [line.warn])]
        case _:
            return _numbers(criterion, [limit for limit in (line.pass_, line.warn) if isinstance(limit, int | float)])


def _numbers(criterion: Criterion, limits: list[float]) -> list[Value]:
    whole = criterion.unit in _WHOLE
    found = {0.0, 1e12}
    for limit in limits:
        step = 1.0 if whole else max(abs(limit) * 1e-4, 1e-9)
        found |= {limit - step, limit, limit + step}
    most = MOST.get(criterion.unit) if criterion.fact not in ABOVE_ONE else None
    if most is not None:
        found = {min(value, most) for value in found} | {most}
    return [int(value) if whole and value == int(value) else value for value in sorted(found) if value >= 0]
