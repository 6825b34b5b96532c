"""Declarations: what cannot be measured from here, said by somebody who answers for it, as evidence of its own."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata

from pydantic import TypeAdapter, ValidationError

from scorecard.criteria import DECLARATIONS, Criterion, catalogue
from scorecard.evidence import Evidence, Fact, Provenance, Status, Unit
from scorecard.project import Declaration, ProjectError, ProjectFile
from scorecard.project_section import Ratio, Seconds

_WITH_UNIT: Mapping[Unit, TypeAdapter[float]] = {Unit.RATIO: TypeAdapter(Ratio), Unit.SECOND: TypeAdapter(Seconds)}
"""Numbers that are written with their unit in quotes, as everywhere in the file: "99.9 %", "400 ms"."""

MOST: Mapping[Unit, float] = {Unit.RATIO: 1.0, Unit.SCORE_OF_5: 5.0, Unit.SCORE_OF_10: 10.0}
"""The most that a declared number of a unit can be."""


def declared(project: ProjectFile, known: Sequence[Criterion] | None = None) -> Evidence:
    """The declarations of ``project`` as evidence, each in the unit of the criterion that asks for it.

    ``known`` are the criteria to answer, by default the shipped catalogue.

    Raises:
        ProjectError: one line that names a declaration nobody asks for (and the nearest one), or whose value does not
            fit its unit.
    """
    started = datetime.now(UTC)
    criteria = catalogue() if known is None else known
    asked = units(criteria)
    facts = tuple(fact_of(declaration, asked) for declaration in project.declarations)
    return Evidence(
        name=DECLARATIONS,
        collector="portance",
        project=project.project.name,
        status=Status.COMPLETED,
        provenance=Provenance.since(started, tool="portance", version=metadata.version("portance")),
        facts=facts,
    )


def units(criteria: Sequence[Criterion]) -> dict[str, Unit]:
    """The facts that ``criteria`` ask to be declared, each with its unit."""
    return {c.fact: c.unit for c in criteria if c.basis == "declared"}


def fact_of(declaration: Declaration, asked: Mapping[str, Unit]) -> Fact:
    """One declaration as a fact, in the unit of ``asked``. Raises ProjectError like :func:`declared`."""
    unit = asked.get(declaration.fact)
    if unit is None:
        # The prefix that all share would make anything look near.
        words = {fact.removeprefix("declared."): fact for fact in sorted(asked)}
        near = difflib.get_close_matches(declaration.fact.removeprefix("declared."), words, n=1)
        hint = f", did you mean {words[near[0]]!r}?" if near else "; 'portance criteria' lists what can be declared"
        raise ProjectError(f"declarations: no criterion asks for {declaration.fact!r}{hint}")
    return Fact(
        id=declaration.fact,
        value=_value(declaration, unit),
        unit=unit,
        observed_on=declaration.date,
        source=f"{declaration.owner}, {declaration.link}",
    )


def _value(declaration: Declaration, unit: Unit) -> bool | int | float | str:
    """The value in ``unit``; a bare 99.9 for a percentage is refused, it would pass "at least 99.9 %" a hundredfold."""
    value = declaration.value
    if unit in _WITH_UNIT:
        try:
            number = _WITH_UNIT[unit].validate_python(value)
        except ValidationError as error:
            problem = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ProjectError(f"declarations: {declaration.fact}: {problem} (got {value!r})") from error
        return _within(declaration, number, MOST.get(unit))
    match unit:
        case Unit.YES_NO:
            if not isinstance(value, bool):
                raise _misfit(declaration, "true or false")
            return value
        case Unit.TEXT:
            if not isinstance(value, str):
                raise _misfit(declaration, "a word in quotes")
            return value
        case _:
            if isinstance(value, bool | str):
                raise _misfit(declaration, f"a number in {unit.value!r}")
            return _within(declaration, value, MOST.get(unit))


def _within(declaration: Declaration, number: float, most: float | None) -> float:
    if number < 0 or (most is not None and number > most):
        span = "0 or more" if most is None else f"between 0 and {most:g}"
        raise _misfit(declaration, f"a value {span}")
    return number


def _misfit(declaration: Declaration, expected: str) -> ProjectError:
    return ProjectError(f"declarations: {declaration.fact}: expected {expected}, got {declaration.value!r}")
