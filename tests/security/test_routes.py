"""Routes of functions, read out of the code of the frameworks."""

from __future__ import annotations

import ast

import pytest

from scorecard.findings.route import Route, routes_of, table
from security import source_code
from security.routes import outline, routes

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


def test_the_code_scanner_hands_in_the_routes(make_site, tmp_path):
    (tmp_path / "src").mkdir()
    for file, text in FILES.items():
        (tmp_path / "src" / file).write_text(text)
    (given,) = source_code.collect(make_site(source="src")).tables
    assert Route("GET", "/", "src/store.py", 1, 2) in routes_of(given)
