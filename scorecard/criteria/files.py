"""Reading a catalogue: TOML files of ``[[criteria]]`` tables, checked against each other."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import pairwise
from typing import Any, TypeVar

from pydantic import ValidationError

from scorecard.criteria.criterion import CatalogueError, Criterion, Domain
from scorecard.criteria.own import Stricter, tightened
from scorecard.criteria.strictness import eases
from scorecard.evidence import Strict
from scorecard.project import TIERS

_Model = TypeVar("_Model", bound=Strict)


@dataclass(frozen=True)
class File:
    """What one file says."""

    name: str
    criteria: tuple[Criterion, ...]
    stricter: tuple[Stricter, ...]


def catalogue(folder: Traversable | None = None, own: Sequence[Traversable] = ()) -> tuple[Criterion, ...]:
    """Every criterion of the TOML files in ``folder`` (by default the shipped ones), by domain.

    ``own`` are folders whose ``[[criteria]]`` are added to those, and whose ``[[stricter]]`` ask more of them.

    Raises:
        CatalogueError: a file is not valid, an identifier stands twice, a required criterion does not exist, an own
            folder holds nothing, or asks less of a criterion than the catalogue does.
    """
    criteria = [c for file in _files(resources.files("scorecard.criteria") if folder is None else folder) for c in file]
    for added in own:
        files = _read_own(added)
        shipped = {c.id for c in criteria}
        for file in files:
            doubled = next((c.id for c in file.criteria if c.id in shipped), None)
            if doubled is not None:
                raise CatalogueError(f"{file.name}: {doubled}: stands in the catalogue; [[stricter]] asks more of it")
        criteria = [*criteria, *(c for file in files for c in file.criteria)]
        _unique(criteria)
        criteria = tightened(criteria, [(file.name, change) for file in files for change in file.stricter])
    check(criteria)
    order = list(Domain)
    return tuple(sorted(criteria, key=lambda c: order.index(c.domain)))


def _files(folder: Traversable) -> list[tuple[Criterion, ...]]:
    return [_read(file, {"criteria"}).criteria for file in _toml(folder)]


def _read_own(folder: Traversable) -> list[File]:
    """What an own folder says; one that says nothing is a mistake, since it would pass for criteria that are met."""
    try:
        files = [_read(file, {"criteria", "stricter"}) for file in _toml(folder)]
    except OSError as error:
        raise CatalogueError(f"{folder}: cannot be read ({error.strerror})") from error
    if not any(file.criteria or file.stricter for file in files):
        raise CatalogueError(f"{folder}: holds no criteria (*.toml with [[criteria]] or [[stricter]] tables)")
    return files


def _toml(folder: Traversable) -> list[Traversable]:
    return sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)


def _read(file: Traversable, known: set[str]) -> File:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{file.name}: {error}") from error
    unknown = sorted(set(document) - known)
    if unknown:
        raise CatalogueError(f"{file.name}: unknown table {unknown[0]!r}, a criterion is a [[criteria]] table")
    return File(
        file.name,
        _tables(file.name, document.get("criteria", []), Criterion),
        _tables(file.name, document.get("stricter", []), Stricter),
    )


def _tables(file: str, tables: Any, model: type[_Model]) -> tuple[_Model, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise CatalogueError(f"{file}: criteria are tables of a list, with two brackets: [[criteria]]")
    found = []
    for number, table in enumerate(tables, start=1):
        try:
            found.append(model.model_validate(table))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            problem = first["msg"].removeprefix("Value error, ")
            raise CatalogueError(f"{file}: {table.get('id', f'number {number}')}: {where}: {problem}") from error
    return tuple(found)


def check(criteria: Sequence[Criterion]) -> None:
    """Check ``criteria`` against each other, in each tier.

    Raises:
        CatalogueError: one line that names the criterion.
    """
    _unique(criteria)
    known = {c.id: c for c in criteria}
    for criterion in criteria:
        for required in criterion.requires:
            for tier in TIERS:
                first = known.get(required)
                _check_required(criterion.in_tier(tier), None if first is None else first.in_tier(tier), required)
        if criterion.contradicts is not None:
            measured = known.get(criterion.contradicts)
            if measured is None or measured.basis != "measured":
                raise CatalogueError(f"{criterion.id}: contradicts {criterion.contradicts!r}, which is not measured")
        _check_tiers(criterion)
    try:
        TopologicalSorter({c.id: c.requires for c in criteria}).prepare()
    except CycleError as error:
        raise CatalogueError(f"criteria require each other: {' -> '.join(error.args[1])}") from error


def _unique(criteria: Sequence[Criterion]) -> None:
    times = Counter(c.id for c in criteria)
    doubled = next((name for name, count in times.items() if count > 1), None)
    if doubled is not None:
        raise CatalogueError(f"{doubled}: stands twice in the catalogue")


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


def _check_tiers(criterion: Criterion) -> None:
    """Where more depends on a service, no less is asked of it."""
    for lower, higher in pairwise(TIERS):
        below, above = criterion.in_tier(lower), criterion.in_tier(higher)
        less = "it does not block" if below.blocking and not above.blocking else eases(below, above)
        if less is not None:
            raise CatalogueError(f"{criterion.id}: the tier {higher!r} is asked less than {lower!r}: {less}")
