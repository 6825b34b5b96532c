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
    """A path where something is often left open, the pattern that tells it is, and whose documentation names it."""

    path: str
    what: Rule
    sign: str
    source: str


ROUTES = (
    *(Route(path, _DOCS, _SWAGGER, "FastAPI, docs_url and redoc_url") for path in ("/docs", "/redoc")),
    *(Route(path, _DOCS, _SWAGGER, "swagger-ui") for path in ("/swagger", "/swagger-ui/", "/api/docs", "/api-docs")),
    Route("/swagger-ui.html", _DOCS, _SWAGGER, "springdoc-openapi"),
    *(Route(path, _DOCS, _OPENAPI, "FastAPI, openapi_url") for path in ("/openapi.json", "/api/openapi.json")),
    *(Route(path, _DOCS, _OPENAPI, "springdoc-openapi") for path in ("/v3/api-docs", "/v2/api-docs")),
    Route("/swagger.json", _DOCS, _OPENAPI, "flask-restx"),
    Route("/graphql", _DOCS, r"(?i)graphiql|graphql playground", "GraphQL over HTTP, GraphiQL"),
    *(Route(path, _MONITOR, _PROMETHEUS, "Prometheus client libraries") for path in ("/metrics", "/prometheus")),
    Route("/actuator/prometheus", _MONITOR, _PROMETHEUS, "Spring Boot, Actuator"),
    Route("/actuator", _MONITOR, r"\"_links\"\s*:", "Spring Boot, Actuator"),
    Route("/jolokia", _MONITOR, r"\"agent(?:Id)?\"\s*:", "Jolokia"),
    Route("/server-status", _MONITOR, r"Apache Server Status|Server uptime:|Total accesses:", "Apache, mod_status"),
    Route("/nginx_status", _MONITOR, r"(?m)^Active connections: \d+", "nginx, stub_status"),
    Route("/haproxy?stats", _MONITOR, r"Statistics Report for HAProxy|HAProxy version", "HAProxy, stats"),
    Route("/debug/vars", _MONITOR, r"\"(?:cmdline|memstats)\"\s*:", "Go, expvar"),
    Route("/debug/pprof/", _DEBUG, r"Types of profiles available|/debug/pprof/", "Go, net/http/pprof"),
    Route("/actuator/env", _DEBUG, r"\"propertySources\"\s*:", "Spring Boot, Actuator"),
    Route("/actuator/heapdump", _DEBUG, r"\AJAVA PROFILE", "Spring Boot, Actuator"),
    Route("/h2-console", _DEBUG, r"(?i)h2 console", "Spring Boot, H2 console"),
    Route("/q/dev/", _DEBUG, r"(?i)quarkus.{0,40}dev ui|dev-ui", "Quarkus, Dev UI"),
    Route("/debug", _DEBUG, _INSIDE, "field practice"),
    Route("/_debug", _DEBUG, _INSIDE, "field practice"),
    Route("/__debug__/", _DEBUG, r"(?i)debug toolbar|djdt", "Django Debug Toolbar"),
    Route("/silk/", _DEBUG, r"(?i)django silk|silk/static", "django-silk"),
    Route("/console", _DEBUG, r"(?i)werkzeug|EVALEX|interactive console", "Werkzeug, DebuggedApplication"),
    Route("/_profiler", _DEBUG, r"(?i)symfony profiler|sf-toolbar", "Symfony, WebProfilerBundle"),
    Route("/telescope/requests", _DEBUG, r"(?i)telescope", "Laravel Telescope"),
    Route("/rails/info/routes", _DEBUG, r"(?i)controller#action", "Ruby on Rails, info"),
    Route("/elmah.axd", _DEBUG, r"(?i)error log for", "ASP.NET, ELMAH"),
    Route("/trace.axd", _DEBUG, r"(?i)application trace", "ASP.NET, trace"),
    Route("/phpinfo.php", _DEBUG, r"phpinfo\(\)|PHP Version", "PHP, phpinfo()"),
    Route("/.env", _FILE, r"(?m)\A(?!\s*<).*?^(?:export )?[A-Z][A-Z0-9_]*=", "dotenv"),
    Route("/.git/HEAD", _FILE, r"\A(?:ref: refs/|[0-9a-f]{40}\s*\Z)", "OWASP ASVS 5.0.0, 13.4.1"),
    Route("/.git/config", _FILE, r"(?m)^\[core\]", "OWASP ASVS 5.0.0, 13.4.1"),
    Route("/.svn/wc.db", _FILE, r"\ASQLite format 3", "OWASP ASVS 5.0.0, 13.4.1"),
    Route("/.hg/requires", _FILE, r"(?m)^(?:revlogv1|dotencode|share-safe)$", "Mercurial, requirements"),
    Route("/.aws/credentials", _FILE, r"(?i)aws_access_key_id", "AWS CLI, configuration files"),
    Route("/docker-compose.yml", _FILE, r"(?m)^services:", "Compose Specification"),
    Route("/db.sqlite3", _FILE, r"\ASQLite format 3", "Django, DATABASES"),
    Route("/backup.sql", _FILE, r"(?i)CREATE TABLE|INSERT INTO", "OWASP WSTG 4.2, 4.2.4"),
)
"""Forty-odd places; each is where the named product puts it unless it is told otherwise."""


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
    place = f"GET {route.path.partition('?')[0]}"
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
