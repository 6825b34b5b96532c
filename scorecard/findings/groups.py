"""Findings of one cause together: what a reader of code and an attack say of one weakness on one route is one group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scorecard.evidence import Evidence, Finding, Severity
from scorecard.findings.route import ANY, TABLE, Route, routes_of, same_path

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
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True)
class Group:
    """Findings of one weakness in one place, worst first.

    Attributes:
        place: ``METHOD /route`` where it is known, else the location of the finding.
        weakness: CWE, or the rule where there is none.
        static: whether the code shows it; ``active`` whether a request did.
    """

    place: str
    weakness: str
    static: bool
    active: bool
    findings: tuple[Finding, ...]

    @property
    def confirmed(self) -> bool:
        """Whether the code shows the weakness and a request showed it too."""
        return self.static and self.active


def of_evidence(found: Sequence[Evidence]) -> tuple[Group, ...]:
    """Every finding of a run in its group; the routes are those that the reading of the code handed in."""
    routes = [route for one in found for table in one.tables if table.id == TABLE for route in routes_of(table)]
    return grouped([finding for one in found for finding in one.findings], routes)


def grouped(findings: Sequence[Finding], routes: Iterable[Route] = ()) -> tuple[Group, ...]:
    """``findings`` by route and weakness, in the order of the worst of each group; each finding is in one group.

    A finding in code belongs to the route whose handler, or a function that the handler calls, holds its line; where
    that leaves a choice, to the one that an active finding of the same weakness names.
    """
    known = tuple(routes)
    in_file: dict[str, list[Route]] = {}
    for route in known:
        in_file.setdefault(route.file, []).append(route)
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if (place := _requested(finding, known)) is not None:
            groups.setdefault((place, _weakness(finding)), []).append(finding)
    attacked = frozenset(groups)
    for finding in findings:
        if not is_active(finding):
            weakness = _weakness(finding)
            places = [f"{one.method} {one.path}" for one in _holding(finding, in_file)]
            proved = [place for place in places if (place, weakness) in attacked]
            place = (proved or places or [finding.location])[0]
            groups.setdefault((place, weakness), []).append(finding)
    made = [_group(place, weakness, found) for (place, weakness), found in groups.items()]
    return tuple(sorted(made, key=lambda one: (_RANK[one.findings[0].severity], one.place, one.weakness)))


def is_active(finding: Finding) -> bool:
    """Whether a request showed ``finding``: it is placed at a method and a route."""
    return _REQUEST.match(finding.location) is not None


def _requested(finding: Finding, routes: tuple[Route, ...]) -> str | None:
    """The route that an active finding is about: as the code names it where the code is known."""
    said = _REQUEST.match(finding.location)
    if said is None:
        return None
    for one in routes:
        if one.method in (said["method"], ANY) and same_path(one.path, said["path"]):
            return f"{one.method} {one.path}"
    return f"{said['method']} {said['path']}"


def _holding(finding: Finding, in_file: dict[str, list[Route]]) -> list[Route]:
    """The routes for which the line of ``finding`` works."""
    where = _LOCATION.match(finding.location)
    if where is None:
        return []
    line = int(where["line"])
    return [route for route in in_file.get(where["file"], []) if route.first <= line <= route.last]


def _weakness(finding: Finding) -> str:
    cwe = finding.cwe or finding.rule
    return _FAMILY.get(cwe, cwe)


def _group(place: str, weakness: str, found: list[Finding]) -> Group:
    active = [is_active(finding) for finding in found]
    ordered = tuple(sorted(found, key=lambda one: (_RANK[one.severity], one.location, one.rule)))
    return Group(place, weakness, static=not all(active), active=any(active), findings=ordered)
