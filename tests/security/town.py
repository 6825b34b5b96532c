"""A small real service with a place for everything that attacks try, right but for planted defects."""

from __future__ import annotations

import contextlib
import html
import json
import os
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.client import HTTPException
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from urllib.request import urlopen
from uuid import uuid4

import jinja2
import pytest
from servers import Given, stopped, taking_bodies

from scorecard.project import About, ProjectFile, SecuritySection, TargetSection
from scorecard.project_journeys import Journey, Step
from scorecard.site import Site

LIMIT = 1024 * 1024
DOCUMENT = {
    "openapi": "3.1.0",
    "paths": {
        "/search": {"get": {"parameters": [{"name": "q", "in": "query", "schema": {"type": "string"}}]}},
        "/notes/{note}": {
            "get": {"parameters": [{"name": "note", "in": "path", "required": True, "schema": {"type": "string"}}]},
            "delete": {"parameters": [{"name": "note", "in": "path", "required": True, "schema": {"type": "string"}}]},
        },
        "/labels": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Label"}}}}
            }
        },
        "/documents": {
            "post": {
                "requestBody": {
                    "content": {
                        "multipart/form-data": {
                            "schema": {"properties": {"piece": {"type": "string", "format": "binary"}}}
                        }
                    }
                }
            }
        },
    },
    "components": {
        "schemas": {
            "Label": {
                "type": "object",
                "properties": {
                    "address": {"type": "string", "example": "12 rue des Lilas"},
                    "again": {"$ref": "#/components/schemas/Label"},
                },
            }
        }
    },
}


class Town:
    """Sign-in, a search, notes that people write and agents read, files, labels, links, documents."""

    def __init__(self, defects: tuple[str, ...]) -> None:
        self.defects = frozenset(defects)
        self.sessions: dict[str, tuple[str, str]] = {}
        self.notes: dict[str, tuple[str, str]] = {}
        self.deleted: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.execute("CREATE TABLE firm (name TEXT, town TEXT)")
        self.database.executemany("INSERT INTO firm VALUES (?, ?)", [("Morel", "Tulle"), ("Petit", "Ussel")])

    def answer(self, method: str, target: str, asked: dict[str, str], body: bytes) -> Given:
        """Status, headers and body."""
        with self.lock:
            return self._answer(method, target, asked, body)

    def _answer(self, method: str, target: str, asked: dict[str, str], body: bytes) -> Given:
        path, _, query = target.partition("?")
        given = dict(parse_qsl(query, keep_blank_values=True))
        cookies = dict(pair.strip().partition("=")[::2] for pair in asked.get("cookie", "").split(";"))
        who = self.sessions.get(cookies.get("session", ""))
        if (refused := self.too_much(method, path, who, body)) is not None:
            return refused
        if len(body) > LIMIT and "upload" not in self.defects:
            return 413, {}, {"title": "too large"}
        match method, path.strip("/").split("/"):
            case "GET", [""]:
                return page('<a href="/language">Langue</a><a href="/search?q=Tulle">Search</a>')
            case "GET", ["openapi.json"]:
                return 200, {}, DOCUMENT
            case "GET", ["search"]:
                return self.search(given.get("q", ""))
            case "GET", ["files"]:
                return self.file(given.get("name", ""))
            case "GET", ["go"]:
                to = given.get("to", "/")
                return 303, {"Location": to if "redirect" in self.defects or to in ("/", "/notes") else "/"}, ""
            case "GET", ["language"]:
                to = given.get("return_to", "/")
                return 303, {"Location": to if "hidden redirect" in self.defects else "/"}, ""
            case "POST", ["sign-in"]:
                return self.sign_in(dict(parse_qsl(body.decode())))
        if who is None:
            return 401, {}, {"title": "Who are you?"}
        return self.inside(method, path.strip("/").split("/"), who, body)

    def inside(self, method: str, way: list[str], who: tuple[str, str], body: bytes) -> Given:
        email, role = who
        match method, way:
            case "POST", ["notes"]:
                name = uuid4().hex
                self.notes[name] = (email, dict(parse_qsl(body.decode())).get("text", ""))
                return 303, {"Location": f"/notes/{name}"}, ""
            case "GET", ["notes"]:
                mine = [n for n, (owner, _) in self.notes.items() if owner == email]
                shown = mine if "still listed" in self.defects else [n for n in mine if n not in self.deleted]
                return page("".join(f"<p>{n} {self.shown(n, 'stored')}</p>" for n in shown[-20:]))
            case "GET", ["agent", "notes", name] if role == "agent" and name in self.notes:
                gone = name in self.deleted and "agent still" not in self.defects
                return (404, {}, {}) if gone else page(self.shown(name, "stored for agents"))
            case "GET", ["agent", "notes"] if role == "agent":
                return 200, {}, {"items": [{"id": name} for name in self.notes if name not in self.deleted]}
            case _, ["notes", name] if self.notes.get(name, ("", ""))[0] == email:
                if method == "DELETE":
                    self.deleted.add(name)
                    return 204, {}, ""
                gone = name in self.deleted and "still served" not in self.defects
                return (404, {}, {}) if gone else page(f'<p id="{name}">{self.shown(name, "stored")}</p>')
            case "POST", ["labels"]:
                return self.label(str(json.loads(body).get("address", "")))
            case "POST", ["fetch"]:
                return self.fetch(str(json.loads(body).get("url", "")))
            case "POST", ["documents"]:
                return 201, {}, {"bytes": len(body)}
        return 404, {}, {"title": "nothing here"}

    def too_much(self, method: str, path: str, who: tuple[str, str] | None, body: bytes) -> Given | None:
        if not self.defects & {"limits", "limits silently", "limits everybody", "limits sign-in for all"}:
            return None
        form = (
            dict(parse_qsl(body.decode()))
            if path == "/sign-in" and "limits sign-in for all" not in self.defects
            else {}
        )
        name = who[0] if who is not None and path != "/sign-in" else form.get("email", path)
        key = "all" if "limits everybody" in self.defects else f"{method} {name}"
        self.asked[key] += 1
        if self.asked[key] <= 150:
            return None
        return 429, {} if "limits silently" in self.defects else {"Retry-After": "60"}, {"title": "too much"}

    def sign_in(self, form: dict[str, str]) -> Given:
        email = form.get("email", "")
        if form.get("password") != f"right for {email}":
            return 401, {}, {"title": "no"}
        token = uuid4().hex
        self.sessions[token] = (email, form.get("role", "citizen"))
        return 303, {"Location": "/notes", "Set-Cookie": f"session={token}; HttpOnly; Path=/"}, ""

    def shown(self, name: str, defect: str) -> str:
        text = self.notes[name][1]
        return text if defect in self.defects else html.escape(text)

    def search(self, q: str) -> Given:
        if self.defects & {"sql", "sql told", "sql hidden"}:
            try:
                rows = self.database.execute(f"SELECT name FROM firm WHERE town = '{q}'").fetchall()  # noqa: S608
            except sqlite3.Error as error:
                if "sql hidden" in self.defects:
                    return 200, {}, {"items": []}
                return 500, {}, {"title": str(error) if "sql told" in self.defects else "failure"}
            return 200, {}, {"items": [name for (name,) in rows]}
        if "crashes on quotes" in self.defects and "'" in q:
            return 500, {}, {"title": "failure"}
        found = [n for (n,) in self.database.execute("SELECT name FROM firm WHERE town = ?", (q,))]
        said = q if "reflects" in self.defects else html.escape(q)
        typed = q.replace("<", "&lt;") if "attribute" in self.defects else html.escape(q)
        script = q.replace("<", "\\u003c") if "script" in self.defects else ""
        return page(f'<input value="{typed}"><p>{said}: {len(found)}</p><script>var q = "{script}";</script>')

    def file(self, name: str) -> Given:
        if name == "aid.txt":
            return page("how to ask for aid")
        path = Path("/srv/forms", name).resolve()
        if "traversal" in self.defects and path.is_file():
            return page(html.escape(path.read_text(errors="replace")))
        return 404, {}, {"title": "no such form"}

    def label(self, address: str) -> Given:
        said = address
        if "command" in self.defects or "blind command" in self.defects:
            done = subprocess.run(f"echo {address}", shell=True, capture_output=True, timeout=9)  # noqa: S602
            said = done.stdout.decode("utf-8", "replace") if "command" in self.defects else "printed"
        if "code" in self.defects:
            try:
                said = str(eval(address, {"__builtins__": {"str": str}}))  # noqa: S307
            except Exception:  # what cannot be computed is text
                said = address
        if "template" in self.defects:
            try:
                said = jinja2.Template(address, autoescape=True).render()
            except jinja2.TemplateError:
                said = "no"
        return 200, {}, {"label": said}

    def fetch(self, url: str) -> Given:
        if "late ssrf" in self.defects and url.startswith("http://127.0.0.1"):
            threading.Thread(target=fetched, args=(url, 0.2), daemon=True).start()
        if "ssrf" in self.defects and url.startswith("http://127.0.0.1"):
            fetched(url, 0.0)
        return 200, {}, {"fetched": False}


def fetched(url: str, after_s: float) -> None:
    time.sleep(after_s)
    with contextlib.suppress(OSError, HTTPException):
        urlopen(url, timeout=2).close()  # noqa: S310


def page(body: str) -> Given:
    return 200, {}, f"<!doctype html><title>Town</title>{body}"


@pytest.fixture
def town() -> Iterator[Callable[..., str]]:
    """Start a :class:`Town` with some defects on a free port and give its URL."""
    servers: list[ThreadingHTTPServer] = []

    def start(*defects: str) -> str:
        servers.append(taking_bodies(Town(defects).answer))
        return f"http://127.0.0.1:{servers[-1].server_address[1]}"

    yield start
    stopped(servers)


@pytest.fixture
def town_site(tmp_path: Path) -> Callable[..., Site]:
    """A site whose journeys are those of the town; ``steps`` more of the citizen, ``openapi`` its document."""

    def make(
        url: str, *, steps: tuple[dict[str, Any], ...] = (), security: dict[str, Any] | None = None, **target: Any
    ):
        def enter(role: str) -> dict[str, Any]:
            who = {"email": "{email}", "password": "right for {email}", "role": role}
            return {"name": "enter", "post": "/sign-in", "form": who}

        citizen = [
            {"name": "home", "get": "/"},
            enter("citizen"),
            {"name": "write", "post": "/notes", "form": {"text": "Toit emporté par la tempête"}, "expect": 303,
             "extract": {"note": "header:location"}},
            {"name": "read", "get": "{note}"},
            {"name": "list", "get": "/notes", "contains": "Toit"},
            *steps,
        ]  # fmt: skip
        agent = [enter("agent"), {"name": "queue", "get": "/agent/notes", "extract": {"id": "$.items[*].id"}},
                 {"name": "examine", "get": "/agent/notes/{id}"}]  # fmt: skip
        journeys = [
            Journey(name="ask", steps=tuple(Step.model_validate(step) for step in citizen)),
            Journey(name="answer", persona="agent", steps=tuple(Step.model_validate(step) for step in agent)),
        ]
        project = ProjectFile(
            project=About(name="Town", users=1000, agents=30),
            target=TargetSection(url=url, **target),
            security=SecuritySection(**(security or {})),
            journeys=tuple(journeys),
        )
        run = tmp_path / "runs" / "one"
        run.mkdir(parents=True, exist_ok=True)
        return Site(project=project, root=tmp_path, run=run, url=url, server_pids=(os.getpid(),))

    return make
