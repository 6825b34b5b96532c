"""Reading a catalogue: TOML files of ``[[criteria]]`` tables, checked against each other."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from importlib.resources.abc import Traversable

from pydantic import ValidationError

from scorecard.criteria.criterion import Criterion, Domain
from scorecard.project import TIERS


class CatalogueError(Exception):
    """A file of the catalogue is wrong; the message is one line that names the file and the criterion."""


def catalogue(folder: Traversable | None = None) -> tuple[Criterion, ...]:
    """Every criterion of the TOML files in ``folder`` (by default the shipped ones), by domain.

    Raises:
        CatalogueError: a file is not valid, an identifier stands twice, or a required criterion does not exist.
    """
    source = resources.files("scorecard.criteria") if folder is None else folder
    criteria: list[Criterion] = []
    for file in sorted((f for f in source.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name):
        criteria.extend(_read(file))
    check(criteria)
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


def check(criteria: Sequence[Criterion]) -> None:
    """Check ``criteria`` against each other, in each tier.

    Raises:
        CatalogueError: one line that names the criterion.
    """
    known: dict[str, Criterion] = {}
    for criterion in criteria:
        if criterion.id in known:
            raise CatalogueError(f"{criterion.id}: stands twice in the catalogue")
        known[criterion.id] = criterion
    for criterion in criteria:
        for required in criterion.requires:
            for tier in TIERS:
                first = known.get(required)
                _check_required(criterion.in_tier(tier), None if first is None else first.in_tier(tier), required)
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
