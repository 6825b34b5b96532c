"""``portance init`` against real local services: what it keeps, what it leaves out, what it refuses."""

import contextlib
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
from scorecard.cli.init import initialise

OK = {"responses": {"200": {"description": "ok", "content": {"application/json": {}}}}}


@dataclass
class Service:
    """Each path answers status, headers and body; ``late`` after some seconds, ``dripping`` byte by byte."""

    answers: dict[str, tuple[int, dict[str, str], bytes]]
    late: dict[str, float] = field(default_factory=dict)
    dripping: dict[str, float] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    url: str = ""

    def describe(self, paths: dict[str, Any], **more: Any) -> None:
        document = {"openapi": "3.0.3", "info": {"title": "Aide d'urgence"}, "paths": paths, **more}
        self.answers["/openapi.json"] = (200, {"content-type": "application/json"}, json.dumps(document).encode())


@pytest.fixture
def service() -> Iterator[Service]:
    """A service that answers 404 to everything until ``answers`` is filled."""
    made = Service({})

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            made.seen.append(f"{self.command} {self.path}")
            status, headers, body = made.answers.get(self.path, (404, {}, b""))
            time.sleep(made.late.get(self.path, 0))
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # the client may have had enough
                for start in range(len(body)) if self.path in made.dripping else ():
                    self.wfile.write(body[start : start + 1])
                    time.sleep(made.dripping[self.path])
                if self.path not in made.dripping:
                    self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = answer  # noqa: N815 (names of http.server)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


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


def test_what_answers_is_kept_and_everything_else_is_left_out_with_its_reason(service: Service, init: Init) -> None:
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


def test_each_operation_is_tried_once_and_no_more_than_the_bound(service: Service, init: Init) -> None:
    service.describe({f"/r{i}": {"get": OK, "post": OK} for i in range(2_000)})
    content = init(service.url)
    tried = [request for request in service.seen if request.startswith("GET /r") and request != "GET /readyz"]
    assert len(tried) == len(set(tried)) == init_probe.MAX_PROBES
    assert len(content.splitlines()) < 200
    assert "not tried: 1940 more that read" in content
    assert "more that write" in content


def test_an_answer_that_drips_without_end_is_cut_off(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(init_probe, "TIMEOUT_S", 0.2)
    service.answers["/drip"] = (200, {}, b"x" * 1_000)
    service.dripping["/drip"] = 0.02
    with httpx.Client(trust_env=False) as client:
        answer = init_probe.ask(client, service.url + "/drip")
    assert answer.failure is not None
    assert not answer.success
    assert len(service.seen) == 1


def test_trying_ends_when_its_time_is_up(service: Service) -> None:
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


def test_without_a_description_there_is_one_visit_and_the_file_says_why(service: Service, init: Init) -> None:
    service.answers["/"] = (200, {"content-type": "text/html"}, b"<p>swagger: home</p>")
    for path in (*init_probe.DOCUMENT_PATHS, *init_probe.HEALTH_PATHS):
        service.answers[path] = service.answers["/"]
    content = init(service.url)
    assert _paths(content) == {"/"}
    assert "No OpenAPI document at /openapi.json" in content
    assert project.parse(content.encode()).target.health == "/"


def test_where_nothing_answers_a_success_there_is_no_journey(service: Service, init: Init) -> None:
    service.answers["/"] = (403, {}, b"")
    content = init(service.url)
    assert _paths(content) == set()
    assert "NO JOURNEY YET" in content


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path, service: Service) -> None:
    path = tmp_path / "portance.toml"
    path.write_text("mine")
    with httpx.Client() as client:
        with pytest.raises(CommandError, match="exists already"):
            initialise(service.url, tmp_path, openapi=None, name=None, client=client, lang="en")
        assert path.read_text() == "mine"
        assert service.seen == []
        initialise(service.url, tmp_path, openapi=None, name=None, client=client, lang="en", force=True)
    assert path.read_text() != "mine"


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
    service: Service, init: Init, tmp_path: Path, body: bytes, given: str | None, why: str
) -> None:
    service.answers |= {"/": (200, {}, b"home"), "/openapi.json": (200, {"content-type": "application/json"}, body)}
    with pytest.raises(CommandError, match=why) as caught:
        init(service.url, openapi=given)
    assert len(caught.value.text.fr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["api/spec", "/api/spec", "{url}/api/spec"])
def test_the_path_of_the_description_may_be_given_in_any_form(service: Service, init: Init, given: str) -> None:
    service.describe({"/a": {"get": OK}})
    service.answers["/api/spec"] = service.answers.pop("/openapi.json")
    service.answers["/a"] = (200, {"content-type": "application/json"}, b"{}")
    content = init(service.url, openapi=given.replace("{url}", service.url))
    assert '\nopenapi = "/api/spec"\n' in content
    assert '\nhealth = "/api/spec"\n' in content  # neither a health path nor "/" answers there
    assert _paths(content) == {"/a"}


def _start(reason: str) -> str:
    return " ".join(w for w in reason.split()[:2] if "." not in w).rstrip(":")


@contextlib.contextmanager
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


def test_a_recording_becomes_a_project_file_that_loads(tmp_path: Path) -> None:
    entries = [
        {
            "startedDateTime": f"2026-11-20T09:00:0{second}Z",
            "time": 10,
            "request": {"method": "GET", "url": f"http://127.0.0.1:8000{path}", "headers": []},
            "response": {"status": 200, "redirectURL": "", "content": {"mimeType": "text/html", "text": ""}},
        }
        for second, path in ((0, "/"), (4, "/form"))
    ]
    har = tmp_path / "visit.har"
    har.write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    with httpx.Client() as client:
        path = initialise(None, tmp_path / "out", openapi=None, name=None, client=client, lang="en", har=har)
        found = project.load(path)
        assert found.target.url == "http://127.0.0.1:8000"
        assert [step.path for step in found.journeys[0].steps] == ["/", "/form"]
        assert found.journeys[0].steps[1].think == pytest.approx(3.99, abs=0.1)
        har.write_text("{}", encoding="utf-8")
        with pytest.raises(CommandError, match="not a HAR file"):
            initialise(None, tmp_path / "no", openapi=None, name=None, client=client, lang="en", har=har)
    assert not (tmp_path / "no").exists()
