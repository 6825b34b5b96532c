"""``portance init`` against real local services: what it keeps, what it leaves out, what it refuses."""

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPBearer

from loadtests.openapi import Operation
from scorecard import project
from scorecard.cli import init_probe
from scorecard.cli.errors import CommandError
from scorecard.cli.init import base_url, initialise

OK = {"responses": {"200": {"description": "ok", "content": {"application/json": {}}}}}


Init = Callable[..., str]


@pytest.fixture
def init(tmp_path: Path) -> Iterator[Init]:
    """Call ``initialise`` in an empty folder; the text of the file, which was loaded as a project on the way."""
    with httpx.Client(trust_env=False) as client:

        def call(url: str | None, *, openapi: str | None = None, name: str | None = None, lang: str = "en") -> str:
            path = initialise(url, tmp_path, openapi=openapi, name=name, client=client, lang=lang, force=True)
            project.load(path)
            assert sorted(p.name for p in path.parent.iterdir()) == ["portance.toml"]
            return path.read_text(encoding="utf-8")

        yield call


def _paths(content: str) -> set[str]:
    return {s.path for j in project.parse(content.encode()).journeys for s in j.steps}


def test_what_answers_is_kept_and_everything_else_is_left_out_with_its_reason(service: Any, init: Init) -> None:
    page = {"content-type": "text/html"}
    service.answers |= {
        "/": (200, page, b"<p>home</p>"),
        "/aids": (200, {"content-type": "application/json"}, b"[]"),
        "/empty": (204, {}, b""),
        "/away": (302, {"location": "http://192.0.2.1/"}, b""),
        "/mine": (401, {}, b""),
        "/broken": (500, {}, b""),
        "/many": (429, {}, b""),
        "/soft": (200, page, b"<p>not found</p>"),
        "/late": (200, {}, b"late"),
        "/huge": (200, {}, b"x" * (init_probe._MAX_ANSWER_BYTES + 1)),
    }
    service.late["/late"] = init_probe.SLOW_S
    paths = ("/aids", "/empty", "/away", "/mine", "/broken", "/many", "/soft", "/late", "/huge", "/aids/{id}", "/gone")
    service.describe({p: {"get": OK, "delete": OK} for p in paths} | {"/key": {"get": {**OK, "security": [{"k": []}]}}})
    content = init(service.url)
    assert _paths(content) == {"/aids", "/empty"}
    assert '{ get = "/empty", expect = 204 }' in content
    left_out = {line.split(": ", 2)[1]: line.split(": ", 2)[2] for line in content.splitlines() if "left out" in line}
    assert {path: _start(reason) for path, reason in left_out.items()} == {
        "GET /away": "answers 302",
        "GET /mine": "answers 401",
        "GET /broken": "answers 500",
        "GET /many": "answers 429",
        "GET /soft": "answers a",
        "GET /late": "took",
        "GET /huge": "the answer",
        "GET /aids/{id}": "answers 404",
        "GET /gone": "answers 404",
        "GET /key": "documented as",
    }
    assert '#   { get = "/late" },' in content
    assert "invented value of id" in left_out["GET /aids/{id}"]
    assert "invented" not in left_out["GET /gone"]
    assert {request.split()[0] for request in service.seen} == {"GET"}
    assert "GET /key" not in service.seen
    assert '#   { delete = "/aids" },' in content
    assert '\nopenapi = "/openapi.json"\n' in content
    assert project.parse(content.encode()).project.name == "Aide d'urgence"


def test_each_operation_is_tried_once_and_no_more_than_the_bound(service: Any, init: Init) -> None:
    service.describe({f"/r{i}": {"get": OK, "post": OK} for i in range(2_000)})
    content = init(service.url)
    tried = [request for request in service.seen if request.startswith("GET /r") and request != "GET /readyz"]
    assert len(tried) == len(set(tried)) == init_probe.MAX_PROBES
    assert len(content.splitlines()) < 200
    assert "not tried: 1940 more that read" in content
    assert "more that write" in content


def test_an_answer_that_drips_without_end_is_cut_off(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(init_probe, "TIMEOUT_S", 0.2)
    service.answers["/drip"] = (200, {}, b"x" * 1_000)
    service.dripping["/drip"] = 0.02
    with httpx.Client(trust_env=False) as client:
        answer = init_probe.ask(client, service.url + "/drip")
    assert answer.failure is not None
    assert not answer.success
    assert len(service.seen) == 1


def test_trying_ends_when_its_time_is_up(service: Any) -> None:
    operations = [Operation("GET", f"/{i}") for i in range(10)]
    clock = itertools.count(0.0, init_probe.MAX_PROBING_S / 4)
    with httpx.Client(trust_env=False) as client:
        tried = init_probe.probe(client, service.url, "", operations, lambda: next(clock))
    assert len(tried) == 2


def test_a_service_that_fastapi_describes_gives_journeys_by_tag(init: Init) -> None:
    app = FastAPI(title="Aides")

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> str:
        return "ok"

    @app.get("/aids/{aid_id}", tags=["Aides d'État"])
    def one(aid_id: int, year: int) -> dict[str, int]:
        if year < 1:
            raise HTTPException(404)
        return {"id": aid_id}

    @app.get("/page", response_class=HTMLResponse)
    def page() -> str:
        return "<p>page</p>"

    @app.get("/mine", dependencies=[Depends(HTTPBearer())])
    def mine() -> None:
        raise AssertionError("documented as needing credentials: not to be tried")

    with _served(app) as url:
        content = init(url, lang="fr")
    found = project.parse(content.encode())
    assert {j.name: [s.path for s in j.steps] for j in found.journeys} == {
        "aides-d-etat": ["/aids/1?year=1"],
        "page": ["/page"],
    }
    assert found.target.health == "/healthz"
    assert found.target.pages == ("/page",)  # "/" answers 404 there
    assert "laissée de côté : GET /mine : documentée comme demandant une authentification" in content


def test_without_a_description_there_is_one_visit_and_the_file_says_why(service: Any, init: Init) -> None:
    service.answers["/"] = (200, {"content-type": "text/html"}, b"<p>swagger: home</p>")
    for path in (*init_probe.DOCUMENT_PATHS, *init_probe.HEALTH_PATHS):
        service.answers[path] = service.answers["/"]
    content = init(service.url)
    assert _paths(content) == {"/"}
    assert "No OpenAPI document at /openapi.json" in content
    assert project.parse(content.encode()).target.health == "/"


def test_where_nothing_answers_a_success_there_is_no_journey(service: Any, init: Init) -> None:
    service.answers["/"] = (403, {}, b"")
    content = init(service.url)
    assert _paths(content) == set()
    assert "NO JOURNEY YET" in content


def test_without_a_url_the_file_starts_a_command_and_takes_up_what_lies_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "requirements.txt").write_text("")
    with httpx.Client() as client:
        path = initialise(None, tmp_path, openapi=None, name="  Mon\nservice ", client=client, lang="fr")
    found = project.load(path)
    assert found.project.name == "Mon service"
    assert found.target.start is not None
    assert (found.target.source, found.target.requirements, found.target.manifests) == ("src", "requirements.txt", None)


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path, service: Any) -> None:
    path = tmp_path / "portance.toml"
    path.write_text("mine")
    with httpx.Client() as client:
        with pytest.raises(CommandError, match="exists already"):
            initialise(service.url, tmp_path, openapi=None, name=None, client=client, lang="en")
        assert path.read_text() == "mine"
        assert service.seen == []
        initialise(service.url, tmp_path, openapi=None, name=None, client=client, lang="en", force=True)
    assert path.read_text() != "mine"


def test_a_dead_service_is_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    with socket.socket() as taken, httpx.Client(trust_env=False) as client:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(CommandError, match="the service does not answer") as caught:
            initialise(url, tmp_path / "new", openapi=None, name=None, client=client, lang="en")
    assert len(caught.value.text.fr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_something_that_does_not_speak_http_is_a_dead_service(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, httpx.Client(trust_env=False) as client:
        threading.Thread(target=_greet, args=(server,), daemon=True).start()
        with pytest.raises(CommandError, match="the service does not answer"):
            initialise(
                f"http://127.0.0.1:{server.getsockname()[1]}",
                tmp_path,
                openapi=None,
                name=None,
                client=client,
                lang="en",
            )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "given", "why"),
    [
        (b'{"openapi": "3.0.0", "paths": {', None, "not valid JSON"),
        (b'{"openapi": "3.0.0", "paths": {"/a": {"$ref": "#/gone"}}}', None, "'#/gone' leads nowhere"),
        (b'{"swagger": "1.2"}', None, "version '1.2'"),
        (b"<p>page</p>", "/openapi.json", "found text"),
        (b"", "/other.json", "answers 404"),
        (b"", "https://elsewhere.example/openapi.json", "must be on the service itself"),
    ],
)
def test_a_broken_description_is_one_line_and_nothing_is_written(
    service: Any, init: Init, tmp_path: Path, body: bytes, given: str | None, why: str
) -> None:
    service.answers |= {"/": (200, {}, b"home"), "/openapi.json": (200, {"content-type": "application/json"}, body)}
    with pytest.raises(CommandError, match=why) as caught:
        init(service.url, openapi=given)
    assert len(caught.value.text.fr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["api/spec", "/api/spec", "{url}/api/spec"])
def test_the_path_of_the_description_may_be_given_in_any_form(service: Any, init: Init, given: str) -> None:
    service.describe({"/a": {"get": OK}})
    service.answers["/api/spec"] = service.answers.pop("/openapi.json")
    service.answers["/a"] = (200, {"content-type": "application/json"}, b"{}")
    content = init(service.url, openapi=given.replace("{url}", service.url))
    assert '\nopenapi = "/api/spec"\n' in content
    assert '\nhealth = "/api/spec"\n' in content  # neither a health path nor "/" answers there
    assert _paths(content) == {"/a"}


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("127.0.0.1:8000", "http://host:port"),
        ("ftp://127.0.0.1/", "http://host:port"),
        ("http://", "http://host:port"),
        ("http://[::1", "not a usable address"),
        ("http://user:hunter2@127.0.0.1/", "password"),
        ("http://127.0.0.1/?token=hunter2", r"\? or #"),
    ],
)
def test_an_address_that_cannot_stand_in_the_file_is_refused(url: str, why: str) -> None:
    with pytest.raises(CommandError, match=why) as caught:
        base_url(url)
    assert "user:hunter2" not in str(caught.value)


def test_an_address_loses_its_last_slash_only() -> None:
    assert base_url(" http://127.0.0.1:8000/api/ ") == "http://127.0.0.1:8000/api"


def _start(reason: str) -> str:
    return " ".join(w for w in reason.split()[:2] if "." not in w).rstrip(":")


def _greet(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
