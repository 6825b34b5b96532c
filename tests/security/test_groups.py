"""Routes of functions, findings of one cause together, and findings against those of an earlier run."""

from __future__ import annotations

import ast
from datetime import UTC, datetime

import pytest

from scorecard.evidence import Evidence, Finding, Provenance, Severity, Status, Text
from security import source_code
from security.baseline import State, compared
from security.groups import grouped, routes_of, same_path, table
from security.routes import Route, outline, routes

FILES = {
    "main.py": (
        "from fastapi import FastAPI\nfrom api.files import router as files\nimport agents\napp = FastAPI()\n"
        'app.include_router(files, prefix="/api/v1")\napp.include_router(agents.router)\n\n\n'
        '@app.get("/")\nasync def home():\n    return show()\n\n\ndef show():\n    return find("a")\n'
    ),
    "files.py": (
        'from fastapi import APIRouter\nrouter = APIRouter(prefix="/files")\n\n\n@router.post("", status_code=201)\n'
        'async def put():\n    return find("b")\n\n\n@router.get("/{number}")\nasync def get(number: str):\n'
        "    return number\n"
    ),
    "agents.py": (
        "from fastapi import APIRouter\nrouter = APIRouter()\n\n\n"
        '@router.api_route("/agent/queue", methods=["GET", "POST"])\ndef queue():\n    return 1\n'
    ),
    "store.py": "def find(name):\n    return name\n",
    "flasks.py": (
        'bp = Blueprint("bp", __name__, url_prefix="/old")\n\n\n'
        '@bp.route("/form", methods=["POST"])\ndef form():\n    pass\n'
    ),
    "urls.py": 'urlpatterns = [path("firms/<int:id>/", views.firm), Route("/star", star, methods=["PUT"])]\n',
    "views.py": "def firm(request, id):\n    return 1\n\n\ndef star(request):\n    return 1\n",
}


@pytest.fixture
def known() -> tuple[Route, ...]:
    return routes({file: outline(ast.parse(text)) for file, text in FILES.items()})


def finding(location: str, cwe: str = "CWE-89", severity: Severity = Severity.HIGH, **more: str) -> Finding:
    return Finding(category="code", rule="r", severity=severity, location=location, message="m", cwe=cwe, **more)


def evidence(name: str, *findings: Finding, status: Status = Status.COMPLETED) -> Evidence:
    why = None if status is Status.COMPLETED else Text(en="half", fr="moitié")
    seen = Provenance.since(datetime.now(UTC), tool="t", version="1")
    return Evidence(
        name=name, collector="security", project="p", status=status, reason=why, provenance=seen, findings=findings
    )


def test_routes_have_their_prefixes_methods_and_the_functions_they_call(known):
    assert {(one.method, one.path) for one in known} == {
        ("GET", "/"),
        ("POST", "/api/v1/files"),
        ("GET", "/api/v1/files/{number}"),
        ("GET", "/agent/queue"),
        ("POST", "/agent/queue"),
        ("POST", "/old/form"),
        ("ANY", "/firms/<int:id>/"),
        ("PUT", "/star"),
    }
    assert {one.path for one in known if one.file == "store.py"} == {"/", "/api/v1/files"}


def test_routes_survive_the_table_of_the_evidence(known):
    assert routes_of(table(known)) == known


@pytest.mark.parametrize(
    ("template", "path", "same"),
    [
        ("/files/{id}", "/files/7", True),
        ("/files/<int:id>", "/files/{number}", True),
        ("/files/", "/files", True),
        ("/files/{id}", "/files", False),
        ("/files/{id}", "/firms/7", False),
    ],
)
def test_a_path_is_held_against_a_template(template, path, same):
    assert same_path(template, path) is same


def test_code_and_attack_on_one_route_are_one_group(known):
    code, attack = finding("files.py:7"), finding("POST /api/v1/files", severity=Severity.CRITICAL)
    (group,) = grouped([code, attack], known)
    assert (group.place, group.weakness, group.static, group.active) == ("POST /api/v1/files", "CWE-89", True, True)
    assert group.findings == (attack, code), "worst first"


def test_a_helper_belongs_to_the_route_that_was_attacked(known):
    groups = grouped([finding("store.py:2"), finding("POST /api/v1/files")], known)
    assert [(one.place, len(one.findings)) for one in groups] == [("POST /api/v1/files", 2)]


def test_a_number_in_an_address_is_the_placeholder_of_the_route(known):
    (group,) = grouped([finding("files.py:12"), finding("GET /api/v1/files/41?x=1")], known)
    assert group.place == "GET /api/v1/files/{number}"


def test_names_of_one_weakness_meet_and_others_do_not(known):
    both = [finding("files.py:7", cwe="CWE-77"), finding("POST /api/v1/files", cwe="CWE-78")]
    assert len(grouped(both, known)) == 1
    assert len(grouped([finding("files.py:7", cwe="CWE-79"), finding("POST /api/v1/files")], known)) == 2
    assert len(grouped([finding("store.py:99"), finding("POST /api/v1/files")], known)) == 2


def test_every_finding_is_in_one_group_without_routes_too():
    found = [finding("a.py:1"), finding("a.py:1"), finding("GET /a"), finding("pkg:pypi/a@1", cwe="")]
    groups = grouped(found)
    assert sorted(map(id, found)) == sorted(id(one) for group in groups for one in group.findings)
    assert len(groups) == 3


def test_the_code_scanner_hands_in_the_routes(make_site, tmp_path):
    (tmp_path / "src").mkdir()
    for file, text in FILES.items():
        (tmp_path / "src" / file).write_text(text)
    (given,) = source_code.collect(make_site(source="src")).tables
    assert Route("GET", "/", "src/store.py", 1, 2) in routes_of(given)


def test_findings_are_new_unchanged_or_absent_by_their_fingerprint():
    old, gone, new = (finding("a.py:1", fingerprint=f"sha256:{name}") for name in ("old", "gone", "new"))
    moved = old.model_copy(update={"location": "a.py:9"})
    states = compared([evidence("code", moved, new)], [evidence("code", old, gone)])
    assert [(one.finding.fingerprint[7:], one.state) for one in states] == [
        ("old", State.UNCHANGED),
        ("new", State.NEW),
        ("gone", State.ABSENT),
    ]


@pytest.mark.parametrize("status", [Status.DEGRADED])
def test_what_was_not_looked_at_again_is_not_absent(status):
    gone = finding("a.py:1", fingerprint="sha256:gone")
    assert compared([evidence("code", status=status)], [evidence("code", gone)]) == ()
    assert compared([], [evidence("code", gone)]) == ()
