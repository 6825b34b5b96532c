"""Criteria as data: what is asked, of which fact, against which threshold, why, and what mends it.

The catalogue is the TOML files of this folder, one a domain. A new criterion is one new table there; no Python.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from scorecard.evidence import Identifier, Strict, Text, Unit
from scorecard.project import Kind

DECLARATIONS = "declarations"
"""Name of the evidence that holds what was declared; nothing measured is read from it."""


class CatalogueError(Exception):
    """A file of the catalogue is wrong; the message is one line that names the file and the criterion."""


class Domain(StrEnum):
    """The ten domains of the scorecard, in the order of its page."""

    CAPACITY = "capacity"
    RESILIENCE = "resilience"
    SECURITY = "security"
    TRUST = "trust"
    INTEGRATION = "integration"
    OPERATIONS = "operations"
    EVOLVABILITY = "evolvability"
    USER_SERVICE = "user-service"
    REUSE = "reuse"
    CHANGE = "change"


class Reference(Strict):
    """A threshold taken from the project file: a dotted name there, times a factor, plus a constant."""

    of: Literal["project.users", "project.agents", "objectives.p95", "objectives.error_rate", "objectives.headroom"]
    times: float = Field(default=1.0, gt=0)
    plus: float = 0.0


Threshold = bool | int | float | str | Reference


class Criterion(Strict):
    """One question with one answer.

    The fact's number (or the ``use`` end of its interval) passes when it is at least as good as ``pass``; it warns when
    it is at least as good as ``warn``; else it fails. A yes/no or a word passes when it equals ``pass``, and a word
    warns when it equals ``warn``. There is no default and no gap: whatever is neither observed, nor in ``unit``, nor
    fresh, nor backed by what it ``requires`` is unknown.

    ``evidence`` names the one evidence the fact is read from; the same fact elsewhere is no help and doubles it. A
    criterion that ``judges`` the measurement (was the generator fast enough?) cannot fail the service: short of its
    threshold it is unknown, and so is everything that requires it. With ``exclusive`` a number on the threshold is on
    its bad side ("under 0.4 s"). A declared criterion may name the measured one that it ``contradicts`` when the two
    disagree.
    """

    id: Identifier
    domain: Domain = Field(strict=False)
    title: Text
    why: Text
    remedy: Text
    source: str = Field(min_length=3, description="law, indicator, standard or practice, with its reference")
    basis: Literal["measured", "declared"]
    evidence: Identifier
    fact: Identifier
    unit: Unit = Field(strict=False)
    use: Literal["value", "low", "high"] = "value"
    better: Literal["higher", "lower", "equal"]
    pass_: Threshold = Field(alias="pass")
    warn: Threshold | None = None
    exclusive: bool = False
    judges: Literal["service", "measurement"] = "service"
    requires: tuple[Identifier, ...] = Field(default=(), strict=False, description="criteria that must pass first")
    contradicts: Identifier | None = None
    max_age_days: int = Field(gt=0)
    weight: float = Field(gt=0, le=10)
    blocking: bool
    kinds: tuple[Kind, ...] = Field(
        default=("online-procedure", "appointment", "api", "internal-tool"), min_length=1, strict=False
    )
    effort: Literal["hours", "days", "weeks", "months"]

    @model_validator(mode="after")
    def _threshold_is_sound(self) -> Self:
        words = self.unit in (Unit.YES_NO, Unit.TEXT)
        if words != (self.better == "equal"):
            raise ValueError("yes/no and words are judged by 'equal', numbers by 'higher' or 'lower'")
        if self.better == "equal":
            expected = bool if self.unit is Unit.YES_NO else str
            if not isinstance(self.pass_, expected) or self.use != "value":
                raise ValueError("a yes/no or a word has a threshold of its own type")
            if self.warn is not None and (
                not isinstance(self.warn, str) or expected is bool or self.warn == self.pass_
            ):
                raise ValueError("only a word may warn, on another word")
        elif isinstance(self.pass_, bool | str) or isinstance(self.warn, bool | str):
            raise ValueError("the threshold of a number is a number or a reference to the project file")
        elif isinstance(self.pass_, int | float) and isinstance(self.warn, int | float):
            wider = self.warn < self.pass_ if self.better == "higher" else self.warn > self.pass_
            if not wider:
                raise ValueError("warn must be easier to reach than pass")
        if self.exclusive and self.better == "equal":
            raise ValueError("only the threshold of a number can be exclusive")
        if self.id in self.requires:
            raise ValueError("a criterion cannot require itself")
        return self

    @model_validator(mode="after")
    def _basis_is_kept_apart(self) -> Self:
        declared = (self.basis == "declared", self.evidence == DECLARATIONS, self.fact.startswith("declared."))
        if len(set(declared)) != 1:
            raise ValueError("declared criteria, and only they, read facts declared.* from the evidence 'declarations'")
        if self.contradicts is not None and self.basis != "declared":
            raise ValueError("only a declaration contradicts a measurement")
        return self


def catalogue(folder: Traversable | None = None) -> tuple[Criterion, ...]:
    """Every criterion of the TOML files in ``folder`` (by default the shipped ones), by domain.

    Raises:
        CatalogueError: a file is not valid, an identifier stands twice, or a required criterion does not exist.
    """
    source = resources.files(__package__) if folder is None else folder
    criteria: list[Criterion] = []
    for file in sorted((f for f in source.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name):
        criteria.extend(_read(file))
    _check(criteria)
    order = list(Domain)
    return tuple(sorted(criteria, key=lambda c: order.index(c.domain)))


def _read(file: Traversable) -> list[Criterion]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{file.name}: {error}") from error
    unknown = set(document) - {"criteria"}
    if unknown:
        raise CatalogueError(f"{file.name}: unknown table {sorted(unknown)[0]!r}, a criterion is a [[criteria]] table")
    found = []
    for number, table in enumerate(document.get("criteria", []), start=1):
        try:
            found.append(Criterion.model_validate(table))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            name = table.get("id", f"number {number}")
            problem = first["msg"].removeprefix("Value error, ")
            raise CatalogueError(f"{file.name}: {name}: {where}: {problem}") from error
    return found


def _check(criteria: Sequence[Criterion]) -> None:
    known: dict[str, Criterion] = {}
    for criterion in criteria:
        if criterion.id in known:
            raise CatalogueError(f"{criterion.id}: stands twice in the catalogue")
        known[criterion.id] = criterion
    for criterion in criteria:
        for required in criterion.requires:
            _check_required(criterion, known.get(required), required)
        if criterion.contradicts is not None:
            measured = known.get(criterion.contradicts)
            if measured is None or measured.basis != "measured":
                raise CatalogueError(f"{criterion.id}: contradicts {criterion.contradicts!r}, which is not measured")
    try:
        TopologicalSorter({c.id: c.requires for c in criteria}).prepare()
    except CycleError as error:
        raise CatalogueError(f"criteria require each other: {' -> '.join(error.args[1])}") from error


def _check_required(criterion: Criterion, required: Criterion | None, name: str) -> None:
    """What a criterion requires is decided before it, so that a new failure can never improve a decision or a grade.

    Only a criterion on the measurement may be required of some kinds of service and not of others, and only if it is
    the end of its chain: otherwise what it requires would be dropped with it.
    """
    if required is None:
        raise CatalogueError(f"{criterion.id}: requires {name!r}, which does not exist")
    missed = set(criterion.kinds) - set(required.kinds)
    if missed and (required.judges == "service" or missed == set(criterion.kinds)):
        raise CatalogueError(f"{criterion.id}: requires {name!r}, which does not apply to all of its kinds")
    if missed and required.requires:
        raise CatalogueError(f"{criterion.id}: requires {name!r}, of some kinds only, which requires others itself")
    if required.judges == "measurement":
        return
    if required.warn is not None:
        raise CatalogueError(f"{criterion.id}: requires {name!r}, which has a warn zone: a precondition is met or not")
    if criterion.blocking and not required.blocking:
        raise CatalogueError(f"{criterion.id}: blocks and requires {name!r}, which does not block")
