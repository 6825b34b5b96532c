"""Pages of the journeys are seen as the person who goes through them, and nothing of that person is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Annotated

import pytest
import uvicorn
from fastapi import Cookie, FastAPI, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from scorecard import project
from scorecard.evidence import Evidence, Status
from scorecard.site import Site

pytest.importorskip("playwright", reason="Playwright is not installed: pip install with the extra 'pages'")

from observability import browser
from observability.page_access import bounded
from observability.page_session import Played, play
from observability.pages import collect

PROJECT = """
[project]
name = "Guichet"
users = 1000
[target]
url = "{url}"
pages = ["/about"]
[[journeys]]
name = "file"
steps = [
  {{ name = "about", get = "/about" }},
  {{ name = "sign in", post = "/sign-in", form = {{ email = "{{email}}", name = "{{name}}" }}, contains = "Bonjour" }},
  {{ name = "file", post = "/files", json = {{ iban = "{{iban}}" }}, expect = {expect}, extract = {{ id = "$.id" }} }},
  {{ name = "read", get = "/files/{{id}}" }},
  {{ name = "data", get = "/data/{{id}}" }},
  {{ name = "sign out", post = "/sign-out" }},
]
"""


@dataclass
class Desk:
    """A service where one signs in, and what was asked of it."""

    url: str = ""
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    app, made = FastAPI(), Desk()

    def page(title: str, body: str) -> HTMLResponse:
        head = f'<title>{title}</title><meta name="viewport" content="width=device-width, initial-scale=1">'
        return HTMLResponse(
            f'<!doctype html><html lang="fr"><head>{head}</head><body><main><h1>{title}</h1>{body}</main></body></html>'
        )

    @app.get("/about")
    async def about() -> HTMLResponse:
        return page("Guichet", "<p>Ouvert</p>")

    @app.post("/sign-in")
    async def sign_in(email: Annotated[str, Form()], name: Annotated[str, Form()]) -> Response:
        answer = RedirectResponse(f"/home?{len(email)}", 303)
        answer.set_cookie("session", f"{email}|{name}", httponly=True)
        return answer

    @app.get("/home")
    async def home(session: Annotated[str | None, Cookie()] = None) -> Response:
        if session is None:
            return RedirectResponse("/about", 303)
        email, _, name = session.partition("|")
        link = f'<a href="/people/{email}"><img src="/photo"></a>'  # without an alternative: a finding names the place
        return page(f"Bonjour {name.encode('latin1', 'replace').decode()}", f"<p>{email}</p>{link}")

    @app.post("/files", status_code=201)
    async def file() -> dict[str, str]:
        made.asked.append("POST /files")
        return {"id": "f-7"}

    @app.get("/files/{id_}")
    async def read(id_: str, session: Annotated[str | None, Cookie()] = None) -> Response:
        return Response(status_code=401) if session is None else page("Dossier", "<p>Complet</p>")

    @app.get("/data/{id_}")
    async def data(id_: str) -> dict[str, str]:
        return {"id": id_}

    @app.post("/sign-out")
    async def sign_out() -> dict[str, str]:
        made.asked.append("POST /sign-out")
        return {}

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    listening = server.config.bind_socket()
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield made
    server.should_exit = True
    thread.join(30)
    listening.close()


def _site(desk: Desk, folder: Path, expect: int = 201) -> Site:
    given = project.parse(PROJECT.format(url=desk.url, expect=expect).encode())
    return Site(project=given, root=folder, run=folder / "run", url=desk.url, profile="quick")


def test_the_pages_of_a_journey_are_told_by_their_place_and_by_who_is_given_them(desk: Desk, tmp_path: Path):
    played = play(_site(desk, tmp_path), Random(4), bounded)
    assert played.gap is None
    assert list(played.stops) == ["/about", "/home (citizen)", "/files/{id} (citizen)"]
    assert played.stops["/about"].cookies == ()
    assert played.stops["/files/{id} (citizen)"].address == "/files/f-7"
    assert [name for name, _, _ in played.stops["/home (citizen)"].cookies] == ["session"]
    assert "session" not in repr(played.stops["/home (citizen)"])
    assert {"email", "name", "iban", "text"} <= set(played.to_type)
    assert set(played.to_type.values()) <= set(played.typed)
    assert "POST /sign-out" not in desk.asked


def test_a_journey_that_stops_is_said_and_what_came_before_is_seen(desk: Desk, tmp_path: Path):
    played = play(_site(desk, tmp_path, expect=200), Random(4), bounded)
    assert played.gap is not None
    assert "file" in played.gap.en
    assert list(played.stops) == ["/about", "/home (citizen)"]
    nothing = play(
        Site(
            project=project.parse(f'[project]\nname = "x"\nusers = 1\n[target]\nurl = "{desk.url}"\n'.encode()),
            root=tmp_path,
            run=tmp_path,
            url=desk.url,
        ),
        Random(4),
        bounded,
    )
    assert isinstance(nothing, Played)
    assert nothing.gap is not None
    assert "no journey" in nothing.gap.en


def test_an_empty_queue_is_no_gap_where_another_journey_went_on(desk: Desk, tmp_path: Path):
    early = '[[journeys]]\nname = "again"\nsteps = [{{ get = "/about", expect = [204, 200] }}, {{ {then} }}]\n'
    for then, gap in (('get = "/data/{{id}}"', True), ('get = "/files/{{id}}"', True), ('get = "/about"', False)):
        text = PROJECT.format(url=desk.url, expect=201) + early.format(then=then.replace("{{id}}", "never"))
        site = Site(project=project.parse(text.encode()), root=tmp_path, run=tmp_path, url=desk.url)
        assert (play(site, Random(4), bounded).gap is not None) is gap, then


@pytest.mark.skipif(browser.find_chromium() is None, reason="no Chromium: install the system's package chromium")
def test_signed_in_pages_are_looked_at_and_nothing_written_says_who_was_signed_in(desk: Desk, tmp_path: Path):
    site = _site(desk, tmp_path)
    played = play(site, Random(4), bounded)
    before = len(desk.asked)
    evidence = collect(site, random=Random(4))
    assert evidence.status is Status.COMPLETED, evidence.reason
    facts = {fact.id: fact.value for fact in evidence.facts}
    assert (facts["page.count"], facts["page.signed_in"], facts["page.personal_values_sent"]) == (3, 2, 0)
    (finding,) = (one for one in evidence.findings if one.rule == "image-alt")
    assert finding.location.startswith("GET /home (citizen)")
    assert desk.asked[before:] == ["POST /files"], "the journey's own; no form is sent to the service"
    written = [path.read_bytes() for path in site.run.rglob("*") if path.is_file()]
    written.append(evidence.model_dump_json(by_alias=True).encode())
    assert len(written) == 8, "six pictures, an account, the evidence"
    for value in (played.to_type["email"], played.to_type["name"], "Bonjour"):
        assert not any(value.encode() in content for content in written)
    focus = {(row[0], row[4]) for row in _pictures(evidence)}
    assert focus == {
        ("/about", "sharp"),
        ("/home (citizen)", "out of focus"),
        ("/files/{id} (citizen)", "out of focus"),
    }
    assert sum(len(str(row[5])) for row in _pictures(evidence)) < 300_000


def _pictures(evidence: Evidence) -> tuple[tuple[float | int | str | None, ...], ...]:
    return next(table for table in evidence.tables if table.id == "page.pictures").rows
