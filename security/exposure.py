"""Documentation, monitoring, debug pages and files that a public service leaves open.

A route counts as open when it answers 200 with the content that makes it what it is, so that a site which answers 200
to everything is not accused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scorecard.evidence import Severity, Text
from security.observation import Seen, yes_no
from security.rules import Hit, Rule
from security.visits import Visit, Visitor, silence

_DOCS = Rule(Severity.LOW, "CWE-200", "v5.0.0-13.4.5", "Serve the API documentation only where it is meant to be read.")
_MONITOR = Rule(Severity.MEDIUM, "CWE-200", "v5.0.0-13.4.5", "Serve monitoring on another port, inside the platform.")
_DEBUG = Rule(Severity.HIGH, "CWE-489", "v5.0.0-13.4.2", "Switch debug off, and take the route out.")
_FILE = Rule(
    Severity.CRITICAL, "CWE-538", "v5.0.0-13.4.1", "Serve a folder made for it; change every secret the file held."
)
_PROMETHEUS = r"(?m)^# (?:HELP|TYPE) \w+"
_SWAGGER = r"(?i)swagger-?ui|redoc|rapidoc|scalar"
_OPENAPI = r"(?s)\A\s*\{.*\"(?:openapi|swagger)\"\s*:\s*\"\d"
_INSIDE = r"(?i)werkzeug|environ|settings|database_url|secret|password|traceback|threads?\b|sys\.path|PATH="


@dataclass(frozen=True)
class Route:
    """A path where something is often left open, and the pattern that tells it is."""

    path: str
    what: Rule
    sign: str


ROUTES = (
    *(
        Route(path, _DOCS, _SWAGGER)
        for path in ("/docs", "/redoc", "/swagger", "/swagger-ui/", "/swagger-ui.html", "/api/docs", "/api-docs")
    ),
    *(
        Route(path, _DOCS, _OPENAPI)
        for path in ("/openapi.json", "/swagger.json", "/api/openapi.json", "/v3/api-docs", "/v2/api-docs")
    ),
    Route("/graphql", _DOCS, r"(?i)graphiql|graphql playground"),
    *(Route(path, _MONITOR, _PROMETHEUS) for path in ("/metrics", "/prometheus", "/actuator/prometheus")),
    Route("/actuator", _MONITOR, r"\"_links\"\s*:"),
    Route("/server-status", _MONITOR, r"Apache Server Status|Server uptime:|Total accesses:"),
    Route("/nginx_status", _MONITOR, r"(?m)^Active connections: \d+"),
    Route("/debug/vars", _MONITOR, r"\"(?:cmdline|memstats)\"\s*:"),
    Route("/debug/pprof/", _DEBUG, r"Types of profiles available|/debug/pprof/"),
    Route("/actuator/env", _DEBUG, r"\"propertySources\"\s*:"),
    Route("/debug", _DEBUG, _INSIDE),
    Route("/_debug", _DEBUG, _INSIDE),
    Route("/__debug__/", _DEBUG, r"(?i)debug toolbar|djdt"),
    Route("/console", _DEBUG, r"(?i)werkzeug|EVALEX|interactive console"),
    Route("/phpinfo.php", _DEBUG, r"phpinfo\(\)|PHP Version"),
    Route("/.env", _FILE, r"(?m)\A(?!\s*<).*?^(?:export )?[A-Z][A-Z0-9_]*="),
    Route("/.git/HEAD", _FILE, r"\A(?:ref: refs/|[0-9a-f]{40}\s*\Z)"),
    Route("/.git/config", _FILE, r"(?m)^\[core\]"),
    Route("/.svn/wc.db", _FILE, r"\ASQLite format 3"),
    Route("/backup.sql", _FILE, r"(?i)CREATE TABLE|INSERT INTO"),
)


def look(visitor: Visitor, intended: str | None) -> Seen:
    """Which of :data:`ROUTES` are open; ``intended`` is the OpenAPI document the project file publishes on purpose."""
    nowhere = visitor.go("/portance-there-is-nothing-here")
    visits = [(route, visitor.go(route.path)) for route in ROUTES if route.path != intended]
    found = [(route, visit) for route, visit in visits if _is_open(route, visit, nowhere)]
    gap = silence([nowhere, *(visit for _, visit in visits)])
    beyond_docs = [route for route, _ in found if route.what is not _DOCS]
    clean = False if gap is None else None
    reason = gap if gap is not None else _ALL_ASKED
    return Seen(
        facts=(
            yes_no("security.docs_exposed", True if found else clean, reason, _some(found)),
            yes_no("security.internals_exposed", True if beyond_docs else clean, reason, f"{len(visits)} routes tried"),
        ),
        hits=tuple(_hit(route) for route, _ in found),
        gap=gap,
    )


def _is_open(route: Route, visit: Visit, nowhere: Visit) -> bool:
    if visit.status != 200 or re.search(route.sign, visit.text, re.DOTALL | re.MULTILINE) is None:
        return False
    # A site may answer every path with one page, and that page may hold the sign.
    return nowhere.status != 200 or re.search(route.sign, nowhere.text, re.DOTALL | re.MULTILINE) is None


def _some(found: list[tuple[Route, Visit]]) -> str:
    return ", ".join(route.path for route, _ in found[:8])


def _hit(route: Route) -> Hit:
    place = f"GET {route.path}"
    return Hit(
        category="exposure",
        rule=_NAMES[route.what],
        what=route.what,
        location=place,
        place=place,
        trait=route.path,
        message=f"{route.path} answers anybody with {_CONTENTS[route.what]}.",
        confidence="HIGH",
    )


_NAMES = {_DOCS: "exposed-docs", _MONITOR: "exposed-monitoring", _DEBUG: "exposed-debug", _FILE: "exposed-file"}
_CONTENTS = {
    _DOCS: "the documentation of the API",
    _MONITOR: "figures of its inside",
    _DEBUG: "a debug page",
    _FILE: "a file that was not meant to be served",
}
_ALL_ASKED = Text(en="every route was asked for", fr="chaque route a été demandée")
