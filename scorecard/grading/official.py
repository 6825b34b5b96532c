"""The official indicators as data: whose they are, what they are read from, and their publishers' own lines."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib import resources
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from scorecard.criteria import Criterion
from scorecard.evidence import Identifier, Strict, Text, Unit
from scorecard.scorecard import Colour

Better = Literal["higher", "lower", "equal"]


class OfficialError(Exception):
    """The file of official indicators is wrong; the message is one line that names the indicator."""


class Word(Strict):
    """A value that is a word or a yes/no, with its colour and how people read it."""

    is_: bool | str = Field(alias="is")
    colour: Colour = Field(strict=False)
    shown: Text


class Letter(Strict):
    """A letter from ``line`` on; the last one has no line and takes the rest."""

    letter: str
    line: float | None = None
    colour: Colour = Field(strict=False)


class Step(Strict):
    """Points from ``line`` on."""

    line: float
    points: int


class Points(Strict):
    """Points for one part of a sum, the best step first; ``otherwise`` beyond the last."""

    of: Identifier
    better: Literal["higher", "lower"]
    exclusive: bool = False
    steps: tuple[Step, ...] = Field(min_length=1, strict=False)
    otherwise: int

    @model_validator(mode="after")
    def _steps_go_down(self) -> Self:
        lines = [s.line if self.better == "lower" else -s.line for s in self.steps]
        points = [s.points for s in self.steps] + [self.otherwise]
        if lines != sorted(set(lines)) or points != sorted(set(points), reverse=True):
            raise ValueError(f"points of {self.of}: each step is harder to miss and gives fewer points")
        return self


class Official(Strict):
    """One official indicator; on a line is on its good side, unless ``exclusive``.

    ``red_without`` names a question without which the publisher counts the value for nothing; ``not_green_beside`` a
    measurement whose failure leaves yellow at best; ``beyond_a_run`` says why a run cannot measure it; ``forecast``
    says from what a sum is made, with a place for each part; ``measured_by`` a question whose answer, where there is
    one, is the value itself and takes the place of that sum.
    """

    id: Identifier
    title: Text
    published_by: str = Field(min_length=3)
    criterion: Identifier | None = None
    sum_of: tuple[Identifier, ...] = Field(default=(), strict=False)
    unit: Unit = Field(strict=False)
    better: Better
    green: float | None = None
    yellow: float | None = None
    exclusive: bool = False
    words: tuple[Word, ...] = Field(default=(), strict=False)
    letters: tuple[Letter, ...] = Field(default=(), strict=False)
    points: tuple[Points, ...] = Field(default=(), strict=False)
    at_peak: bool = False
    red_without: Identifier | None = None
    not_green_beside: Identifier | None = None
    beyond_a_run: Text | None = None
    forecast: Text | None = None
    measured_by: Identifier | None = None
    also: Text | None = None

    @property
    def read_from(self) -> tuple[str, ...]:
        """The questions whose values it is made of."""
        return self.sum_of if self.criterion is None else (self.criterion,)

    @model_validator(mode="after")
    def _has_one_scale_without_gaps(self) -> Self:
        if (self.criterion is None) == (not self.sum_of):
            raise ValueError("it is read from one criterion, or is the sum of several")
        if bool(self.sum_of) != (self.forecast is not None):
            raise ValueError("a sum says from what it is made, and only a sum does")
        if self.measured_by is not None and not self.sum_of:
            raise ValueError("only a sum can be replaced by what was measured")
        scales = [self.green is not None and self.yellow is not None, bool(self.words), bool(self.letters)]
        if scales.count(True) != 1 or (self.better == "equal") != bool(self.words):
            raise ValueError("it has one scale: green and yellow, words, or letters")
        if self.green is not None and self.yellow is not None and not _easier(self.yellow, self.green, self.better):
            raise ValueError("yellow must be easier to reach than green")
        if self.letters and ([x.line is None for x in self.letters] != [False] * (len(self.letters) - 1) + [True]):
            raise ValueError("the last letter, and only that, takes what no line does")
        if self.points and tuple(p.of for p in self.points) != self.sum_of:
            raise ValueError("points are given for each part of the sum, in its order")
        return self


def _easier(line: float, than: float, better: Better) -> bool:
    return line > than if better == "lower" else line < than


def read(content: str) -> tuple[Official, ...]:
    """The indicators of a TOML text.

    Raises:
        OfficialError: one line that names the indicator and what is wrong with it.
    """
    try:
        tables = tomllib.loads(content)["indicators"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise OfficialError(f"official indicators: {error}") from error
    found: dict[str, Official] = {}
    for table in tables:
        name = str(table.get("id"))
        try:
            item = Official.model_validate(table)
        except ValidationError as error:
            raise OfficialError(f"{name}: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from error
        if item.id in found:
            raise OfficialError(f"{name}: stands twice")
        found[item.id] = item
    return tuple(found.values())


def faults(official: Sequence[Official], criteria: Sequence[Criterion]) -> list[str]:
    """Where indicators and the questions they are read from do not fit together; one line each.

    Where both have the same unit and direction, green and yellow are the question's ``pass`` and ``warn``: a page that
    shows a pass beside a yellow would hold two verdicts.
    """
    known = {c.id: c for c in criteria}
    found = []
    for item in official:
        for name in (*item.read_from, item.red_without, item.not_green_beside, item.measured_by):
            if name is not None and name not in known:
                found.append(f"{item.id}: there is no criterion {name}")
        of = item.criterion if item.criterion is not None else item.measured_by
        criterion = None if of is None else known.get(of)
        if criterion is None:
            continue
        if criterion.unit is not item.unit:
            found.append(f"{item.id}: in {item.unit.value}, its criterion in {criterion.unit.value}")
        if item.green is not None and (criterion.pass_, criterion.warn) != (item.green, item.yellow):
            found.append(f"{item.id}: other lines than {criterion.id}")
    return found


OFFICIAL = read((resources.files(__package__) / "official.toml").read_text(encoding="utf-8"))
"""The shipped indicators, in the order of the page; read once, like code."""
