"""Findings of one cause together: what a reader of code and an attack say of one weakness on one route is one group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scorecard.evidence import Column, Finding, Severity, Table, Unit
from security.routes import ANY, Route

TABLE = "code.routes"
# The same weakness under the names that tools give it.
_FAMILY = {
    "CWE-23": "CWE-22",
    "CWE-36": "CWE-22",
    "CWE-73": "CWE-22",
    "CWE-77": "CWE-78",
    "CWE-80": "CWE-79",
    "CWE-94": "CWE-95",
    "CWE-564": "CWE-89",
    "CWE-400": "CWE-770",
    "CWE-614": "CWE-1004",
    "CWE-1275": "CWE-1004",
}
_LOCATION = re.compile(r"^(?P<file>.+?):(?P<line>\d+)$")
_REQUEST = re.compile(r"^(?P<method>[A-Z]+) (?P<path>/[^\s?#]*)")


@dataclass(frozen=True)
class Group:
    """Findings of one weakness in one place, worst first.

    Attributes:
        place: ``METHOD /route`` where it is known, else the location of the finding.
        weakness: CWE, or the rule where there is none.
        static: whether the code shows it; ``active`` whether a request did. Both: it is certain.
    """

    place: str
    weakness: str
    static: bool
    active: bool
    findings: tuple[Finding, ...]


def grouped(findings: Sequence[Finding], routes: Iterable[Route] = ()) -> tuple[Group, ...]:
    """``findings`` by route and weakness, in the order of the worst of each group; each finding is in one group.

    A finding in code belongs to the route whose handler, or a function that the handler calls, holds its line; where
    that leaves a choice, to the one that an active finding of the same weakness names.
    """
    known = tuple(routes)
    active: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if (place := _requested(finding, known)) is not None:
            active.setdefault((place, _weakness(finding)), []).append(finding)
    groups: dict[tuple[str, str], list[Finding]] = {key: list(found) for key, found in active.items()}
    for finding in findings:
        if _REQUEST.match(finding.location) is None:
            weakness = _weakness(finding)
            places = [f"{one.method} {one.path}" for one in known if _holds(one, finding)]
            attacked = [place for place in places if (place, weakness) in active]
            place = (attacked or places or [finding.location])[0]
            groups.setdefault((place, weakness), []).append(finding)
    made = [_group(place, weakness, found) for (place, weakness), found in groups.items()]
    return tuple(sorted(made, key=lambda one: (_RANK[one.findings[0].severity], one.place, one.weakness)))


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
    """The routes in a table that :func:`table` made."""
    return tuple(
        Route(str(method), str(path), str(file), int(first or 0), int(last or 0))
        for method, path, file, first, last in table.rows
    )


def same_path(template: str, path: str) -> bool:
    """Whether ``path`` is one that ``template`` stands for: ``/files/{id}``, ``/files/<int:id>`` and ``/files/7``."""
    parts, given = template.strip("/").split("/"), path.strip("/").split("/")
    return len(parts) == len(given) and all(
        one == other or _is_placeholder(one) or _is_placeholder(other) for one, other in zip(parts, given, strict=True)
    )


def _requested(finding: Finding, routes: tuple[Route, ...]) -> str | None:
    """The route that an active finding is about: as the code names it where the code is known."""
    said = _REQUEST.match(finding.location)
    if said is None:
        return None
    for one in routes:
        if one.method in (said["method"], ANY) and same_path(one.path, said["path"]):
            return f"{one.method} {one.path}"
    return f"{said['method']} {said['path']}"


def _holds(route: Route, finding: Finding) -> bool:
    where = _LOCATION.match(finding.location)
    return where is not None and where["file"] == route.file and route.first <= int(where["line"]) <= route.last


def _weakness(finding: Finding) -> str:
    cwe = finding.cwe or finding.rule
    return _FAMILY.get(cwe, cwe)


def _group(place: str, weakness: str, found: list[Finding]) -> Group:
    active = [_REQUEST.match(finding.location) is not None for finding in found]
    ordered = tuple(sorted(found, key=lambda one: (_RANK[one.severity], one.location, one.rule)))
    return Group(place, weakness, static=not all(active), active=any(active), findings=ordered)


def _is_placeholder(segment: str) -> bool:
    return segment[:1] in ("{", "<") or segment.startswith(":")


_RANK = {severity: rank for rank, severity in enumerate(Severity)}
