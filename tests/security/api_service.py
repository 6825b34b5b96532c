"""A small API with its OpenAPI document, right but for planted defects; its document has a schema that holds itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from servers import Given, stopped, taking_bodies

from scorecard.project import About, ProjectFile, RunProfile, TargetSection
from scorecard.project_journeys import Journey, Step
from scorecard.site import Site


def _answers(*statuses: int) -> dict[str, Any]:
    return {str(status): {"description": "as it says"} for status in (*statuses, 400, 401, 404, 405, 415, 422)}


def _made(name: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"description": "as it says", "content": content}


_FILE_ID = {"name": "file_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Files", "version": "1"},
    "security": [{"bearer": []}],
    "paths": {
        "/me": {"get": {"responses": {**_answers(), "200": _made("Person")}}},
        "/files": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewFile"}}},
                },
                "responses": {**_answers(), "201": _made("File")},
            }
        },
        "/files/{file_id}": {"get": {"parameters": [_FILE_ID], "responses": {**_answers(), "200": _made("File")}}},
    },
    "components": {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "Person": {"type": "object", "properties": {"email": {"type": "string"}}},
            "NewFile": {
                "type": "object",
                "required": ["title"],
                "properties": {
                    "title": {"type": "string"},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/NewFile"}},
                },
            },
            "File": {
                "type": "object",
                "required": ["id", "owner", "title"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "owner": {"type": "string"},
                    "title": {"type": "string"},
                },
            },
        },
    },
}


class ApiService:
    """People with tokens, who keep files."""

    def __init__(self, defects: tuple[str, ...], document: Any) -> None:
        self.defects, self.document = frozenset(defects), document
        self.people: dict[str, str] = {}
        self.files: dict[str, dict[str, str]] = {}

    def answer(self, method: str, target: str, asked: dict[str, str], body: bytes) -> Given:
        path = target.partition("?")[0]
        if path == "/openapi.json":
            return 200, {}, self.document
        if path == "/sign-in" and method == "POST":
            token = secrets.token_hex(16)
            self.people[token] = json.loads(body)["email"]
            return 200, {}, {"token": token}
        who = self.people.get(asked.get("authorization", "").removeprefix("Bearer "))
        if path == "/me" and "ignores the sign-in" in self.defects:
            return 200, {}, {"email": "somebody@example.org"}
        if who is None:
            return 401, {"WWW-Authenticate": "Bearer"}, {"title": "who are you?"}
        allowed = {"/me": "GET", "/files": "POST"}.get(path, "GET")
        if method != allowed:
            return 405, {"Allow": allowed}, {"title": "not so"}
        if path == "/me":
            return (200, {}, {"email": who}) if "undocumented" not in self.defects else (203, {}, {"email": who})
        return self.keep(who, body) if path == "/files" else self.read(who, path.removeprefix("/files/"))

    def keep(self, who: str, body: bytes) -> Given:
        try:
            title = json.loads(body)["title"]
        except (ValueError, KeyError, TypeError):
            return 422, {}, {"title": "no title"}
        if not isinstance(title, str):
            return 422, {}, {"title": "no title"}
        identifier = (
            f"{secrets.token_hex(4)}-{secrets.token_hex(2)}-4{secrets.token_hex(2)[1:]}-a000-{secrets.token_hex(6)}"
        )
        self.files[identifier] = {"id": identifier, "owner": who, "title": title}
        return 201, {}, self.files[identifier]

    def read(self, who: str, identifier: str) -> Given:
        kept = self.files.get(identifier)
        if kept is None:
            return (
                (500, {}, {"title": "index out of range"}) if "fails" in self.defects else (404, {}, {"title": "none"})
            )
        if kept["owner"] != who and "object" not in self.defects:
            return 404, {}, {"title": "none"}
        return 200, {}, kept


@pytest.fixture
def api_service() -> Iterator[Callable[..., str]]:
    """Start an :class:`ApiService` with some defects and another ``document`` on a free port, and give its URL."""
    servers: list[ThreadingHTTPServer] = []

    def start(*defects: str, document: Any = DOCUMENT) -> str:
        servers.append(taking_bodies(ApiService(defects, document).answer))
        return f"http://127.0.0.1:{servers[-1].server_address[1]}"

    yield start
    stopped(servers)


@pytest.fixture
def api_site(tmp_path: Path) -> Callable[..., Site]:
    """A site whose people sign in to the API; ``signing_in`` is False for one without journeys."""

    def make(url: str, *, signing_in: bool = True, profile: RunProfile = "smoke", **target: Any) -> Site:
        who = {"Authorization": "Bearer {token}"}
        steps = [
            {"post": "/sign-in", "json": {"email": "{email}"}, "extract": {"token": "$.token"}},
            {"get": "/me", "headers": who},
            {"post": "/files", "json": {"title": "Toit"}, "headers": who, "expect": 201, "extract": {"id": "$.id"}},
            {"get": "/files/{id}", "headers": who},
        ]
        journey = Journey(name="keep", steps=tuple(Step.model_validate(step) for step in steps))
        project = ProjectFile(
            project=About(name="Files", users=1000),
            target=TargetSection(**{"url": url, "openapi": "/openapi.json", **target}),
            journeys=(journey,) if signing_in else (),
        )
        run = tmp_path / "runs" / "one"
        run.mkdir(parents=True, exist_ok=True)
        return Site(project=project, root=tmp_path, run=run, url=url, profile=profile)

    return make
