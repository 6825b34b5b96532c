"""A route of a service as its code says it, and the table of evidence that carries routes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scorecard.evidence import Column, Table, Unit

TABLE = "code.routes"
ANY = "ANY"
"""The method of a route that answers whatever it is asked with."""


@dataclass(frozen=True, order=True)
class Route:
    """A route and the lines of a function that works for it: its handler, or one that the handler calls."""

    method: str
    path: str
    file: str
    first: int
    last: int


def table(routes: Iterable[Route]) -> Table:
    """``routes`` as a table of evidence."""
    columns = (
        Column(name="method"),
        Column(name="path"),
        Column(name="file"),
        Column(name="first", unit=Unit.COUNT),
        Column(name="last", unit=Unit.COUNT),
    )
    return Table(id=TABLE, columns=columns, rows=tuple((r.method, r.path, r.file, r.first, r.last) for r in routes))


def routes_of(table: Table) -> tuple[Route, ...]:
    """The routes in a table that :func:`table` made; a row without its lines is left out."""
    return tuple(
        Route(str(method), str(path), str(file), int(first), int(last))
        for method, path, file, first, last in table.rows
        if isinstance(first, int) and isinstance(last, int)
    )


def same_path(template: str, path: str) -> bool:
    """Whether ``path`` is one that ``template`` stands for: ``/files/{id}``, ``/files/<int:id>`` and ``/files/7``."""
    parts, given = template.strip("/").split("/"), path.strip("/").split("/")
    return len(parts) == len(given) and all(
        one == other or _is_placeholder(one) or _is_placeholder(other) for one, other in zip(parts, given, strict=True)
    )


def _is_placeholder(segment: str) -> bool:
    return segment[:1] in ("{", "<") or segment.startswith(":")
