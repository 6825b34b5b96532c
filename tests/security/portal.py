"""A small real service with sign-in, files of citizens and a queue of agents, right but for planted defects."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from servers import Given, stopped, taking_bodies

from scorecard.project import About, ProjectFile, TargetSection
from scorecard.project_journeys import Journey, Step
from scorecard.site import Site

_LAYOUT = "<!doctype html><html><head><title>Portal</title></head><body><nav>Home</nav><main>{}</main></body></html>"


class Portal:
    """A small real service with sign-in, files of citizens and a queue of agents, right but for ``defects``."""

    def __init__(self, defects: tuple[str, ...], log: Path) -> None:
        self.defects, self.log = frozenset(defects), log
        self.files: dict[str, dict[str, Any]] = {}
        self.latest = 0
        self.seen: set[str] = set()

    def answer(self, method: str, target: str, asked: dict[str, str], body: bytes) -> Given:
        """Status, headers and body (a str is a page, anything else JSON)."""
        path, _, query = target.partition("?")
        if "logs the body" in self.defects:
            self.print(body.decode())
        if "logs the address" in self.defects:
            self.print(f"{method} {target}")
        who = self.session(asked)
        if who is None and "limits requests" in self.defects and path not in ("/help", "/sign-in"):
            return 429, {}, {"title": "too many"}
        if path == "/help" or ("no home" in self.defects and path == "/home"):
            return 200, {}, _LAYOUT.format("Welcome, and help for everybody")
        if path == "/keyed":
            right = asked.get("x-api-key") == "0123456789" or ("keyed" in self.defects and who is not None)
            return (200, {}, {"figures": "for those with the key"}) if right else self.refused(401)
        if path == "/sign-in":
            return self.sign_in(method, asked, body)
        if path == "/search" and who:
            return 200, {}, {"searched": len(query)}
        return self.inside(method, path, who, body)

    def inside(self, method: str, path: str, who: tuple[str, str] | None, body: bytes) -> Given:
        kind, _, rest = path.removeprefix("/").partition("/")
        open_write = method == "POST" and path == "/files" and "authentication write" in self.defects
        open_read = method == "GET" and kind == "files" and rest and "authentication" in self.defects
        if who is None and not open_write and not open_read:
            return self.refused(401)
        role, email = who if who else ("citizen", "")
        match method, kind:
            case "GET", "home":
                link = f'<a href="/files?owner={email}">mine</a>' if "in a link" in self.defects else ""
                return 200, {}, _LAYOUT.format(f'Welcome {email} <a href="mailto:{email}">write</a>{link}')
            case "GET", "slots":
                return (
                    200,
                    {},
                    {"slots": [{"id": "slot-0001"}]} if not rest else {"slot": rest, "free": True, "at": "9 h"},
                )
            case _, "files":
                return self.file(method, rest, role, email, body)
            case _, "agent":
                return self.agent(method, rest, role, email)
        return 404, {}, {"title": "not found"}

    def file(self, method: str, rest: str, role: str, email: str, body: bytes) -> Given:
        if role != "citizen":
            return self.refused(403)
        sent = json.loads(body) if body else {}
        if method == "GET" and not rest:
            mine = [one for one, kept in self.files.items() if kept["owner"] == email]
            return 200, {}, {"items": mine}
        if method == "POST":
            if "email" not in sent:
                return 422, {}, {"missing": "email", **({"input": sent} if "echoes errors" in self.defects else {})}
            identifier = str(uuid.uuid4())
            self.seen |= {identifier, sent["email"], sent["iban"]}
            self.files[identifier] = {"owner": email, "iban": sent["iban"], "put": 0}
            return 201, {}, {"id": identifier, "state": "draft"}
        kept = self.files.get(rest)
        if kept is None:
            return self.refused(404)
        free = {"object", "object without echo", "authentication"} if method == "GET" else {"object write"}
        if kept["owner"] != email and not free & self.defects:
            return (500, {}, {"title": "error"}) if "fails for others" in self.defects else self.refused(404)
        if method == "PUT":
            kept["put"] += 1
            if "breaks" in self.defects:
                return 500, {}, {"title": "error"}
            if "once" in self.defects and kept["put"] > 1:
                return 409, {}, {"title": "done already"}
            return 200, {}, {"id": rest, "state": "changed"}
        if "object without echo" in self.defects:
            return 200, {}, {"state": "draft", "opened": "today", "next": "file it"}
        return 200, {}, {"id": rest, "state": "draft", "iban": kept["iban"]}

    def agent(self, method: str, rest: str, role: str, email: str) -> Given:
        """Agents of the south have a portal without files: all that is filed is for the others."""
        elsewhere = email.endswith("@sud.example.org")
        if elsewhere and rest == "queue" and "group list" not in self.defects:
            return 200, {}, {"items": [], "of": "the south"}
        if elsewhere and rest != "queue" and ("group write" if method == "POST" else "group") not in self.defects:
            return self.refused(404)
        if role != "agent" and ("function write" if method == "POST" else "function") not in self.defects:
            return self.refused(403)
        if role != "agent" and method == "GET" and rest != "queue":
            return self.refused(403)
        if rest == "queue":
            waiting = [one for one, kept in self.files.items() if "once" not in self.defects or "decided" not in kept]
            return 200, {}, {"items": [{"id": one, "waiting": True} for one in waiting]}
        identifier = rest.removeprefix("files/").removesuffix("/decision")
        if identifier not in self.files:
            return self.refused(404)
        if method == "POST":
            kept = self.files[identifier]
            kept["decided"] = kept.get("decided", 0) + 1
            if "once" in self.defects and kept["decided"] > 1:
                return 204, {}, ""
        return 200, {}, {"id": identifier, "state": "accepted" if method == "POST" else "waiting"}

    def sign_in(self, method: str, asked: dict[str, str], body: bytes) -> Given:
        if method == "GET":
            return 200, {"Set-Cookie": "visit=0123456789abcdef; Path=/"}, _LAYOUT.format("Sign in")
        as_json = "json" in asked.get("content-type", "")
        sent = json.loads(body) if as_json else dict(parse_qsl(body.decode()))
        if "email" not in sent:
            return 400, {}, _LAYOUT.format("Who are you?")
        self.latest += 1
        payload = f"{sent['role']}:{sent['email']}:{self.latest}".encode().hex()
        token = f"{payload}.{self.sign(payload)}"
        self.seen |= {token, sent["email"]}
        if as_json:
            return 200, {}, {"token": token}
        more = f"?email={sent['email']}" if "in a redirect" in self.defects else ""
        return 303, {"Set-Cookie": f"session={token}; Path=/; HttpOnly", "Location": f"/home{more}"}, ""

    def session(self, asked: dict[str, str]) -> tuple[str, str] | None:
        cookies = dict(pair.strip().partition("=")[::2] for pair in asked.get("cookie", "").split(";"))
        token = asked.get("authorization", "").removeprefix("Bearer ") or cookies.get("session", "")
        payload, _, signature = token.partition(".")
        if not payload or (signature != self.sign(payload) and "signature" not in self.defects):
            return None
        try:
            role, email, number = bytes.fromhex(payload).decode().split(":")
        except ValueError:
            return None
        if "one session only" in self.defects and int(number) != self.latest:
            return None
        return role, email

    @staticmethod
    def sign(payload: str) -> str:
        return hmac.new(b"key of the portal", payload.encode(), hashlib.sha256).hexdigest()

    def refused(self, status: int) -> Given:
        if "polite" in self.defects:
            return 200, {}, _LAYOUT.format("Access denied")
        return status, {}, {"title": "refused", "status": status}

    def print(self, line: str) -> None:
        with self.log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start a :class:`Portal` with some defects on a free port, give its URL, and keep its ``seen`` and ``defects``."""
    servers: list[ThreadingHTTPServer] = []

    def start(*defects: str) -> str:
        log = tmp_path / "runs" / "one" / "raw" / "service" / "service.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("ready\n")
        service = Portal(defects, log)
        start.seen, start.defects = service.seen, service.defects

        servers.append(taking_bodies(service.answer))
        return f"http://127.0.0.1:{servers[-1].server_address[1]}"

    yield start
    stopped(servers)


@pytest.fixture
def portal_site(tmp_path: Path, portal: Callable[..., str]) -> Callable[..., Site]:
    """A site whose journeys are those of the portal; ``only`` some steps of the citizen, by name; ``more`` steps."""

    def make(
        url: str,
        *,
        users: int = 1000,
        only: tuple[str, ...] = (),
        more: tuple[dict[str, Any], ...] = (),
        groups: bool = False,
        program: bool = False,
        **_: Any,
    ) -> Site:
        token = "token" in getattr(portal, "defects", ())

        def signed_in(role: str) -> dict[str, Any]:
            who = {"email": "{email}" if role == "citizen" else "agent-{n}@example.org", "role": role}
            if token:
                return {"name": "enter", "post": "/sign-in", "json": who, "extract": {"token": "$.token"}}
            return {"name": "enter", "post": "/sign-in", "form": who, "contains": "Welcome"}

        data = {"email": "{email}", "iban": "{iban}"}
        citizen = [
            {"name": "help", "get": "/help"},
            {"name": "page", "get": "/sign-in"},
            signed_in("citizen"),
            {"name": "start", "post": "/files", "json": data, "expect": 201, "extract": {"id": "$.id"}},
            {"name": "change", "put": "/files/{id}", "json": data},
            {"name": "read", "get": "/files/{id}"},
            {"name": "list", "get": "/files", "contains": "{id}"},
            {"name": "slots", "get": "/slots", "extract": {"slot": "$.slots[0].id"}},
            {"name": "slot", "get": "/slots/{slot}"},
            *more,
        ]
        agent = [
            signed_in("agent"),
            {"name": "queue", "get": "/agent/queue", "extract": {"id": "$.items[*].id"}},
            {"name": "read", "get": "/agent/files/{id}"},
            {"name": "decide", "post": "/agent/files/{id}/decision", "json": {"ok": True}, "expect": [200, 204]},
        ]
        steps = [step for step in citizen if not only or step["name"] in only]
        journeys = [Journey(name="file", steps=tuple(_step(step, token) for step in steps))]
        if not only:
            agents = tuple(_step(step, token) for step in agent)
            group = "nord" if groups else None
            journeys.append(Journey(name="decide", persona="agent", steps=agents, group=group))
        if program:
            keyed = _step({"name": "keyed", "get": "/keyed", "headers": {"X-Api-Key": "0123456789"}}, token=False)
            journeys.append(Journey(name="program", persona="agent", people=1, steps=(keyed,)))
        if groups:
            who = {"email": "agent-{n}@sud.example.org", "role": "agent"}
            south = [
                {"name": "enter", "post": "/sign-in", "form": who, "contains": "Welcome"},
                {"name": "queue", "get": "/agent/queue"},
            ]
            steps = tuple(Step.model_validate(step) for step in south)
            journeys.append(Journey(name="south", persona="agent", steps=steps, group="sud"))
        project = ProjectFile(
            project=About(name="Portal", users=users, agents=30),
            target=TargetSection(url=url),
            journeys=tuple(journeys),
        )
        run = tmp_path / "runs" / "one"
        run.mkdir(parents=True, exist_ok=True)
        return Site(project=project, root=tmp_path, run=run, url=url)

    return make


def _step(step: dict[str, Any], token: bool) -> Step:
    if token and step["name"] not in ("help", "page", "enter"):
        step = {**step, "headers": {"Authorization": "Bearer {token}"}}
    return Step.model_validate(step)
