"""The service from outside: each planted weakness is caught, its clean twin is not, and silence is unknown."""

from __future__ import annotations

import json
import socket

import pytest

from scorecard.evidence import Status
from security import headers, http_surface
from security.visits import Visit, Visitor

GOOD = [
    ("Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Permissions-Policy", "geolocation=()"),
]
SESSION = ("Set-Cookie", "session=abc; HttpOnly; SameSite=Lax; Path=/")
OPENAPI = {
    "openapi": "3.1.0",
    "paths": {"/dossiers": {"get": {}, "post": {}}, "/dossiers/{id}": {"get": {}}, "/x": {"post": {}}},
}
CLEAN = {
    "security.encrypted": False,
    "security.headers_missing": 0,
    "security.csp": True,
    "security.hsts_max_age": None,
    "security.version_exposed": False,
    "security.cookies_weak": 0,
    "security.cors_permissive": False,
    "security.errors_verbose": False,
    "security.errors_unhandled": 0,
    "security.docs_exposed": False,
    "security.internals_exposed": False,
}


@pytest.fixture
def sound(answer):
    """A service without a weakness."""

    def service(method: str, path: str, asked: dict[str, str]):
        if path == "/openapi.json":
            return answer(headers=GOOD, body=json.dumps(OPENAPI), html=False)
        if path == "/" or path.startswith("/?"):
            return answer(headers=[*GOOD, SESSION])
        return answer(status=404, headers=GOOD, body='{"title": "Not found"}', html=False)

    return service


@pytest.fixture
def visit(make_site, serve, sound):
    """Collect from the sound service with some paths (or all, under None) answered otherwise; facts and evidence."""

    def collect(changed=None, *, service=None, **target):
        changed = changed or {}

        def patched(method, path, asked):
            other = changed.get(path.partition("?")[0], changed.get(None))
            if other is None:
                return sound(method, path, asked)
            return other(method, path, asked) if callable(other) else other

        target.setdefault("openapi", "/openapi.json")
        evidence = http_surface.collect(make_site(url=serve(service or patched), **target))
        return {fact.id: fact.value for fact in evidence.facts}, evidence

    return collect


def test_the_clean_twin_gives_no_finding_at_all(visit):
    facts, evidence = visit()
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert facts == CLEAN
    assert evidence.findings == ()


def test_nothing_but_reading_is_asked_and_not_often(visit, sound):
    methods = []

    def counting(method, path, asked):
        methods.append(method)
        return sound(method, path, asked)

    visit(service=counting)
    assert set(methods) == {"GET", "OPTIONS"}
    assert len(methods) < 80


@pytest.mark.parametrize("absent", [name for name, _ in GOOD])
def test_a_missing_header_is_found(visit, answer, absent):
    kept = [(name, value) for name, value in GOOD if name != absent]
    facts, evidence = visit({"/": answer(headers=[*kept, SESSION])})
    assert facts["security.headers_missing"] == 1
    assert evidence.findings
    assert all(finding.location == "GET /" for finding in evidence.findings)
    assert facts["security.csp"] is (absent != "Content-Security-Policy")


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Content-Type-Options", "sniff"), ("Referrer-Policy", "unsafe-url"), ("X-Frame-Options", "ALLOW-FROM x")],
)
def test_a_header_that_protects_nothing_counts_as_missing(visit, answer, name, value):
    kept = [pair for pair in GOOD if pair[0] not in (name, "Content-Security-Policy")]
    policy = (
        "Content-Security-Policy",
        "default-src 'self'" + ("" if name == "X-Frame-Options" else "; frame-ancestors 'self'"),
    )
    facts, _ = visit({"/": answer(headers=[*kept, policy, (name, value)])})
    assert facts["security.headers_missing"] == 1


@pytest.mark.parametrize(
    ("policy", "restricts"),
    [
        ("default-src 'self'", True),
        ("script-src 'nonce-abc' 'unsafe-inline' https: 'strict-dynamic'", True),
        ("script-src 'nonce-abc' 'unsafe-inline'", True),
        ("default-src *; script-src 'self'", True),
        ("script-src 'self' 'unsafe-inline'", False),
        ("default-src *", False),
        ("default-src https:", False),
        ("frame-ancestors 'none'", False),
        ("", False),
    ],
)
def test_a_policy_that_lets_every_script_in_is_no_policy(policy, restricts):
    page = Visit("GET", "/", 200, (("content-security-policy", policy),))
    assert headers.restricts_scripts(page) is restricts


def test_over_https_a_short_or_absent_hsts_is_a_fact():
    page = Visit("GET", "/", 200, (("strict-transport-security", "max-age=300"), ("x-content-type-options", "nosniff")))
    bare = Visit("GET", "/b", 200, (("x-content-type-options", "nosniff"),))
    for pages, age, missing in (([page], 300, 0), ([page, bare], 0, 1)):
        facts = {fact.id: fact for fact in headers.look(pages, None, encrypted=True).facts}
        assert facts["security.hsts_max_age"].value == age
        assert facts["security.headers_missing"].value == missing


@pytest.mark.parametrize(
    ("cookie", "lacking"),
    [
        ("session=abc; Path=/", "HttpOnly, SameSite"),
        ("session=abc; HttpOnly", "SameSite"),
        ("session=abc; HttpOnly; SameSite=None", "SameSite"),
        ("session=abc; SameSite=Strict", "HttpOnly"),
    ],
)
def test_a_weak_cookie_is_found(visit, answer, cookie, lacking):
    facts, evidence = visit({"/": answer(headers=[*GOOD, ("Set-Cookie", cookie)])})
    assert facts["security.cookies_weak"] == 1
    assert evidence.findings[0].message == f"The cookie session is set without {lacking}."


@pytest.mark.parametrize(
    "cookie", ["session=; Max-Age=0", "csrftoken=x; SameSite=Lax", "a=b; HttpOnly; SameSite=strict; Max-Age=60"]
)
def test_a_deleted_cookie_or_a_token_for_scripts_is_not_weak(visit, answer, cookie):
    facts, _ = visit({"/": answer(headers=[*GOOD, SESSION, ("Set-Cookie", cookie)])})
    assert facts["security.cookies_weak"] == 0


def test_a_cookie_set_on_the_way_to_a_page_is_seen(visit, answer):
    facts, _ = visit({"/start": answer(302, [("Location", "/"), ("Set-Cookie", "early=1")])}, pages=["/start"])
    assert facts["security.cookies_weak"] == 1
    assert facts["security.headers_missing"] == 0, "the page is where the redirect leads"


def test_without_any_cookie_the_cookies_are_unknown(visit, answer, fact):
    facts, evidence = visit({"/": answer(headers=GOOD)})
    assert facts["security.cookies_weak"] is None
    assert "target.pages" in fact(evidence, "security.cookies_weak").reason.en


@pytest.mark.parametrize("loved", ["any", "null", "suffix", "prefix"])
def test_an_origin_let_in_with_cookies_is_found(visit, sound, answer, loved):
    def service(method, path, asked):
        origin = asked.get("origin", "")
        kind = (
            "null"
            if origin == "null"
            else "suffix"
            if origin.startswith("http://127.0.0.1")
            else "prefix"
            if origin.endswith("127.0.0.1")
            else "any"
            if origin
            else ""
        )
        if kind == loved and path == "/":
            cors = [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]
            return answer(headers=[*GOOD, SESSION, *cors])
        return sound(method, path, asked)

    facts, evidence = visit(service=service)
    assert facts["security.cors_permissive"] is True
    assert [finding.rule for finding in evidence.findings] == ["cors-credentials"], "one a path, whatever the origins"


def test_an_origin_let_in_without_cookies_is_told_but_is_not_permissive(visit, sound, answer):
    def service(method, path, asked):
        if "origin" in asked and path == "/":
            return answer(headers=[*GOOD, SESSION, ("Access-Control-Allow-Origin", asked["origin"])])
        return sound(method, path, asked)

    facts, evidence = visit(service=service)
    assert facts["security.cors_permissive"] is False
    assert {finding.rule for finding in evidence.findings} == {"cors-any-origin"}


@pytest.mark.parametrize(
    "body",
    [
        "Traceback (most recent call last):\n  File &quot;/srv/app.py&quot;, line 3, in view",
        'File "/srv/app/views.py", line 12, in find',
        "<title>OperationalError // Werkzeug Debugger</title>",
        "psycopg.errors.SyntaxError: unterminated quoted string",
        "java.lang.NullPointerException\n\tat java.util.Map.get(Map.java:3)",
        "Error: x\n    at Object.find (/srv/app.js:3:14)",
        "<b>Warning</b>: mysql_connect() in /srv/a.php on line <b>3</b>",
    ],
)
def test_an_error_that_shows_the_inside_is_found(visit, answer, body):
    facts, evidence = visit({"/portance-there-is-no-such-page": answer(500, GOOD, body)})
    assert facts["security.errors_verbose"] is True
    assert facts["security.errors_unhandled"] == 1
    assert {finding.rule for finding in evidence.findings} == {"error-verbose", "error-unhandled"}


def test_the_documented_api_is_asked_for_odd_values(visit, sound, answer):
    def service(method, path, asked):
        if path.startswith("/dossiers/") and "%27" in path:
            return answer(500, GOOD, "SQLSTATE[42601]: syntax error", html=False)
        return sound(method, path, asked)

    facts, _ = visit(service=service)
    assert facts["security.errors_verbose"] is True
    assert visit(service=service, openapi=None)[0]["security.errors_verbose"] is False, "only the document names it"


def test_a_service_that_never_fails_shows_no_error_page_so_it_is_unknown(visit, answer):
    facts, _ = visit({None: answer(headers=[*GOOD, SESSION])}, openapi=None)
    assert facts["security.errors_verbose"] is None


@pytest.mark.parametrize(
    ("path", "body", "internal"),
    [
        ("/docs", "<title>API</title><script>SwaggerUIBundle({})</script>", False),
        ("/redoc", "<redoc spec-url='/o'></redoc>", False),
        ("/swagger.json", '{"swagger": "2.0", "paths": {}}', False),
        ("/metrics", "# HELP requests_total x\n# TYPE requests_total counter\n", True),
        ("/actuator/env", '{"propertySources": []}', True),
        ("/debug", "DATABASE_URL=…", True),
        ("/console", "<title>Console // Werkzeug Debugger</title>", True),
        ("/.env", "# production\nDEBUG=0\nSECRET_KEY=abc\n", True),
        ("/.git/HEAD", "ref: refs/heads/main\n", True),
        ("/server-status", "<h1>Apache Server Status for x</h1>", True),
        ("/haproxy", "<h1>HAProxy version 2.8</h1>", True),
        ("/jolokia", '{"value": {"agent": "1.7"}}', True),
        ("/actuator/heapdump", "JAVA PROFILE 1.0.2", True),
        ("/h2-console", "<title>H2 Console</title>", True),
        ("/q/dev/", "<title>Quarkus Dev UI</title>", True),
        ("/silk/", "<title>Django Silk</title>", True),
        ("/_profiler", "<title>Symfony Profiler</title>", True),
        ("/telescope/requests", "<title>Telescope - Laravel</title>", True),
        ("/rails/info/routes", "<th>Controller#Action</th>", True),
        ("/elmah.axd", "<title>Error log for /</title>", True),
        ("/trace.axd", "<h1>Application Trace</h1>", True),
        ("/.hg/requires", "dotencode\nfncache\n", True),
        ("/.aws/credentials", "[default]\naws_access_key_id = x\n", True),
        ("/docker-compose.yml", "version: '3'\nservices:\n  web:\n", True),
        ("/db.sqlite3", "SQLite format 3", True),
    ],
)
def test_an_open_route_is_found(visit, answer, path, body, internal):
    facts, evidence = visit({path: answer(headers=GOOD, body=body)})
    assert facts["security.docs_exposed"] is True
    assert facts["security.internals_exposed"] is internal
    assert [finding.location for finding in evidence.findings] == [f"GET {path}"]
    assert evidence.findings[0].remedy


def test_a_site_that_answers_200_to_everything_is_not_accused(visit, answer):
    page = answer(headers=[*GOOD, SESSION], body="<html>secret settings SwaggerUIBundle # HELP x Werkzeug</html>")
    facts, evidence = visit({None: page}, openapi=None)
    assert facts["security.docs_exposed"] is False
    assert evidence.findings == ()


def test_the_openapi_document_that_the_project_publishes_is_not_exposed(visit):
    assert visit()[0]["security.docs_exposed"] is False
    assert visit(openapi=None)[0]["security.docs_exposed"] is True, "nobody said that it is meant to be read"


def test_a_server_that_tells_its_version_is_found(visit, answer):
    facts, evidence = visit({"/": answer(headers=[*GOOD, SESSION, ("X-Powered-By", "Express 4.17.1")])})
    assert facts["security.version_exposed"] is True
    assert evidence.findings[0].rule == "header-version"


def test_an_answer_that_did_not_come_is_not_a_clean_one(visit, answer, fact):
    limited = {"/.env": answer(429), "/docs": answer(503)}
    facts, evidence = visit(limited)
    assert evidence.status is Status.DEGRADED
    assert facts["security.docs_exposed"] is None
    assert facts["security.internals_exposed"] is None
    assert "GET /docs" in fact(evidence, "security.docs_exposed").reason.en
    open_metrics = answer(headers=GOOD, body="# HELP x y\n")
    assert visit({**limited, "/metrics": open_metrics})[0]["security.docs_exposed"] is True, "what was seen stands"


@pytest.mark.parametrize("status", [404, 500])
def test_a_page_that_is_an_error_leaves_the_headers_unknown(visit, answer, status):
    facts, evidence = visit({"/": answer(status, GOOD)})
    assert evidence.status is Status.DEGRADED
    assert facts["security.headers_missing"] is None
    assert facts["security.csp"] is None


def test_a_redirect_to_another_site_is_not_followed(visit, answer):
    facts, evidence = visit({"/": answer(302, [("Location", "http://portance.example/")])})
    assert evidence.status is Status.DEGRADED
    assert facts["security.headers_missing"] is None


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"paths": []}', "[" * 100_000])
def test_a_broken_openapi_document_is_told_and_the_rest_goes_on(visit, answer, body):
    facts, evidence = visit({"/openapi.json": answer(headers=GOOD, body=body, html=False)})
    assert evidence.status is Status.DEGRADED
    assert "not an OpenAPI document" in evidence.reason.en
    assert facts["security.headers_missing"] == 0


def test_without_a_service_everything_is_unknown(make_site, assert_unknown):
    evidence = http_surface.collect(make_site())
    assert evidence.status is Status.ERROR
    assert_unknown(evidence, "security.encrypted", "no service runs")


def test_a_dead_service_leaves_everything_unknown(make_site, assert_unknown):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, never listening: every connection is refused
        evidence = http_surface.collect(make_site(url=f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert evidence.status is Status.ERROR
    assert_unknown(evidence, "security.docs_exposed", "does not answer")


def test_past_its_bounds_a_visitor_asks_no_more(serve, sound):
    with Visitor(serve(sound), visits=2) as visitor:
        assert [visitor.go("/").status for _ in range(3)] == [200, 200, None]
    with Visitor(serve(sound), total_s=0.0) as visitor:
        assert visitor.go("/").answered is False


def test_a_body_is_read_up_to_its_bound(serve, answer):
    with Visitor(serve(lambda *_: answer(body="x" * 1_000_000))) as visitor:
        assert len(visitor.go("/", limit=1000).body) == 1000


def test_a_service_elsewhere_is_not_probed_without_leave(make_site, assert_unknown):
    site = make_site(url="https://service.example.test")
    evidence = http_surface.collect(site)
    assert evidence.status is Status.SKIPPED
    for fact in http_surface.FACTS:
        assert_unknown(evidence, fact, "remote = true")
