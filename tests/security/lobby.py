"""A small real service that people sign in to and out of, right but for planted defects."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
import time
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest
from joserfc import jws
from joserfc.jwk import RSAKey
from servers import Given, stopped, taking_bodies

from scorecard.project import About, ProjectFile, RunProfile, TargetSection
from scorecard.project_journeys import Journey, Step
from scorecard.site import Site

Form = dict[str, str]


class Lobby:
    """Signing in, a page with one's name, notes by form and by API, signing out."""

    def __init__(self, defects: tuple[str, ...]) -> None:
        self.defects = frozenset(defects)
        self.sessions: dict[str, str] = {}
        self.ended: dict[str, float] = {}
        self.cache: dict[str, Given] = {}
        self.key = b"secret" if "weak key" in defects else secrets.token_bytes(32)
        self.rsa = RSAKey.generate_key(2048, auto_kid=True) if "rs256" in defects else None
        self.pem = b"" if self.rsa is None else self.rsa.as_pem(private=False)
        self.seen: set[str] = set()
        self.visits: set[str] = set()
        self.began: dict[str, float] = {}
        self.passed = 0.0

    def now(self) -> float:
        return time.monotonic() + self.passed

    def sleep(self, seconds: float) -> None:
        """Let time pass without waiting for it."""
        self.passed += seconds

    def answer(self, method: str, target: str, asked: dict[str, str], body: bytes) -> Given:
        path, _, query = target.partition("?")
        cookies = dict(pair.strip().partition("=")[::2] for pair in asked.get("cookie", "").split(";"))
        who = self.who(cookies.get("session", ""))
        if path == "/.well-known/jwks.json" and self.rsa is not None:
            return 200, {}, {"keys": [self.rsa.as_dict(private=False)]}
        if path == "/sign-in":
            return self.sign_in(method, parse_qs(query), cookies, body)
        if who is None:
            return 401, {}, {"title": "Who are you?"}
        if method == "POST" and not self.own_page(asked, body, who):
            return 403, {}, {"title": "Not from here"}
        headers = self.caching()
        match method, path:
            case "GET", "/home":
                if "shared cache" in self.defects and path in self.cache:
                    return self.cache[path]
                self.cache[path] = 200, headers, self.home(who)
                return self.cache[path]
            case "POST", "/note":
                return 303, {"Location": "/home"}, ""
            case "POST", "/api/note":
                if "any text" not in self.defects and "json" not in asked.get("content-type", ""):
                    return 415, {}, {"title": "JSON only"}
                return 201, headers, {"note": "n-" + secrets.token_hex(8), "state": "kept"}
            case "POST", "/sign-out":
                return self.sign_out(cookies["session"])
        return 404, {}, {"title": "Nothing here"}

    def home(self, who: str) -> str:
        token = self.form_token(who)
        out = '<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="{}"></form>'
        left = "" if "no way out" in self.defects else out.format(token)
        note = f'<form method="post" action="/note"><input type="hidden" name="csrf" value="{token}"></form>'
        return f"<!doctype html><title>Home</title><p>Welcome {html.escape(who)}</p>{note}{left}"

    def caching(self) -> dict[str, str]:
        if "no cache-control" in self.defects:
            return {}
        return {"Cache-Control": "public, max-age=60" if "public" in self.defects else "no-store"}

    def sign_in(self, method: str, query: dict[str, list[str]], cookies: Form, body: bytes) -> Given:
        if method == "GET":
            given = cookies["session"] if cookies.get("session") else secrets.token_hex(16)
            self.visits |= set() if cookies.get("session") else {given}
            following = html.escape(query.get("return_to", ["/home"])[0])
            form = f'<form method="post"><input name="email"><input name="return_to" value="{following}"></form>'
            return 200, {"Set-Cookie": f"session={given}; Path=/; HttpOnly; SameSite=Lax"}, form
        sent = dict(parse_qsl(body.decode()))
        wanted = query.get("return_to", [sent.get("return_to", "/home")])[0]
        kept = cookies.get("session", "")
        keeping = "keeps identifier" if kept in self.visits else "takes any identifier"
        session = kept if kept and keeping in self.defects else self.open_session(sent["email"])
        self.sessions[session] = sent["email"]
        self.seen |= {session, sent["email"], self.form_token(sent["email"])}
        self.began[session] = self.now()
        seconds = 315360000 if "ten years" in self.defects else 50 if "short" in self.defects else 1800
        life = "" if "hidden end" in self.defects else f"; Max-Age={seconds}"
        flags = "Path=/; HttpOnly" + ("" if "no samesite" in self.defects else "; SameSite=Lax")
        return 303, {"Set-Cookie": f"session={session}; {flags}{life}", "Location": self.local(wanted)}, ""

    def local(self, wanted: str) -> str:
        if "next anywhere" in self.defects:
            return wanted
        if "next by prefix" in self.defects:
            return wanted if wanted.startswith("/") else "/home"
        return wanted if wanted == "/home" else "/home"

    def sign_out(self, session: str) -> Given:
        if "survives sign-out" not in self.defects:
            self.ended[session] = self.now() + (0.4 if "slow sign-out" in self.defects else 0.0)
        return 303, {"Set-Cookie": "session=; Path=/; Max-Age=0", "Location": "/sign-in"}, ""

    def own_page(self, asked: Form, body: bytes, who: str) -> bool:
        """Whether a request was sent by a page of this service, as far as the planted defects let it look."""
        if "any origin" in self.defects:
            return True
        if {"token only", "token of anybody"} & self.defects:
            if "json" in asked.get("content-type", "") or "plain" in asked.get("content-type", ""):
                return True
            token = dict(parse_qsl(body.decode())).get("csrf", "")
            known = {self.form_token(one) for one in self.sessions.values()}
            return token in known if "token of anybody" in self.defects else token == self.form_token(who)
        return asked.get("sec-fetch-site", "none") in ("none", "same-origin")

    def form_token(self, who: str) -> str:
        return hmac.new(b"forms", who.encode(), hashlib.sha256).hexdigest()

    def open_session(self, email: str) -> str:
        claims: dict[str, Any] = {"sub": email, "exp": int(time.time()) + 1800, "jti": secrets.token_hex(4)}
        if "no exp" in self.defects:
            del claims["exp"]
        if self.rsa is not None:
            return jws.serialize_compact({"alg": "RS256", "kid": self.rsa.kid}, json.dumps(claims), self.rsa)
        if {"jwt", "weak key", "no exp", "alg none"} & self.defects:
            signed = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
            return f"{signed}.{self.mac(signed, self.key)}"
        return secrets.token_hex(16)

    def who(self, session: str) -> str | None:
        if session in self.ended and self.now() >= self.ended[session]:
            return None
        if {"short", "outlives"} & self.defects == {"short"} and self.now() > self.began.get(session, 0.0) + 50:
            return None
        if session.count(".") != 2:
            return self.sessions.get(session)
        signed, _, signature = session.rpartition(".")
        head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        alg = str(head.get("alg")).lower()
        believed = alg == "none" and "alg none" in self.defects
        if alg == "hs256" and self.rsa is None:
            believed = signature == self.mac(signed, self.key)
        if alg == "hs256" and "key confusion" in self.defects:
            believed = signature == self.mac(signed, self.pem)
        if alg == "rs256" and self.rsa is not None:
            believed = session in self.sessions
        return str(claims["sub"]) if believed else None

    @staticmethod
    def mac(signed: str, key: bytes) -> str:
        return base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256")).rstrip(b"=").decode()


def _encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.fixture
def lobby() -> Iterator[Callable[..., tuple[str, Lobby]]]:
    """Start a :class:`Lobby` with some defects on a free port, and give its URL and itself."""
    servers: list[ThreadingHTTPServer] = []

    def start(*defects: str) -> tuple[str, Lobby]:
        service = Lobby(defects)
        servers.append(taking_bodies(service.answer))
        return f"http://127.0.0.1:{servers[-1].server_address[1]}", service

    yield start
    stopped(servers)


@pytest.fixture
def lobby_site(tmp_path: Path) -> Callable[..., Site]:
    """A site whose journey goes through the lobby; ``users`` of them."""

    def make(url: str, *, users: int = 1000, profile: RunProfile = "quick") -> Site:
        steps = [
            {"name": "way in", "get": "/sign-in"},
            {"name": "enter", "post": "/sign-in", "form": {"email": "{email}"}, "contains": "Welcome"},
            {"name": "home", "get": "/home", "extract": {"csrf": 'regex:value="([0-9a-f]{64})"'}},
            {"name": "note", "post": "/note", "form": {"text": "Bonjour", "csrf": "{csrf}"}, "contains": "Welcome"},
            {"name": "api", "post": "/api/note", "json": {"text": "{name}"}, "expect": 201},
        ]
        project = ProjectFile(
            project=About(name="Lobby", users=users),
            target=TargetSection(url=url),
            journeys=(Journey(name="note", steps=tuple(Step.model_validate(step) for step in steps)),),
        )
        run = tmp_path / "runs" / "one"
        run.mkdir(parents=True, exist_ok=True)
        return Site(project=project, root=tmp_path, run=run, url=url, profile=profile)

    return make
