"""What surrounds every request: headers for the browser, no writing from other sites, a time limit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_app.budgets import budget

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HSTS_S = 63_072_000
"""Two years: what the preload list of browsers asks for is one at least."""
STATIC_KEPT_S = 31_536_000
LONG_FORMS_AT_ONCE = 4
"""Forms of more than other bodies may have that a worker reads at a time; the next one waits for its turn."""


class SecurityHeaders:
    """Adds the headers to every answer; ``identity_origins`` are where signing out may lead."""

    def __init__(self, app: ASGIApp, *, https: bool, identity_origins: Iterable[str]) -> None:
        self.app = app
        policy = (
            "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
            "script-src 'self'; connect-src 'self'; "
            "base-uri 'none'; frame-ancestors 'none'; "
            f"form-action 'self' {' '.join(sorted(identity_origins))}"
        )
        self.fixed = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if https:
            self.fixed["Strict-Transport-Security"] = f"max-age={HSTS_S}; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add to the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        static = scope["path"].startswith("/static/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.fixed.items():
                    headers.setdefault(name, value)  # what an answer says itself is stricter: a file is in a sandbox
                cached = static and message["status"] in (200, 304)
                kept = f"public, max-age={STATIC_KEPT_S}, immutable" if cached else "no-store"
                # A partner may keep an answer, and asks with If-None-Match each time.
                if scope["path"].startswith("/open-data/") and message["status"] in (200, 304):
                    # The same for everybody: caches share it, so nothing of whoever asked first may be in it.
                    del headers["Set-Cookie"], headers["Vary"]
                    kept = headers.get("Cache-Control", kept)
                headers["Cache-Control"] = "private, no-cache" if scope["path"].startswith("/api/partner/") else kept
            await send(message)

        await self.app(scope, receive, send_with_headers)


class SameOrigin:
    """Refuses requests that change something when a browser sent them from another site.

    The rule of Go's ``http.CrossOriginProtection``: believe Sec-Fetch-Site, else compare Origin with Host; a request
    with neither does not come from a browser, so no visitor's cookie was borrowed for it.
    """

    def __init__(self, app: ASGIApp, *, origin: str) -> None:
        self.app = app
        self.origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and self._foreign(Headers(scope=scope)):
            await _problem(send, 403, "cross-origin", "This request came from another site", {})
            return
        await self.app(scope, receive, send)

    def _foreign(self, headers: Headers) -> bool:
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is None:
            return False
        return origin != self.origin and urlsplit(origin).netloc != headers.get("host", "")


@dataclass(frozen=True)
class Allowance:
    """What one request may take beside the others: bytes of its body, seconds of its time."""

    max_bytes: int
    seconds: float


Allowances = Callable[[Scope], Allowance | None]
"""What a request may take that is not like the others; None for most."""


class BodyLimit:
    """Refuses bodies of more than ``max_bytes`` while they are read: the declared length first, then what comes.

    A form of a page may have ``max_form_bytes``: more than our fields let anybody type, so that a text that is too long
    comes back with a sentence beside it. What is then in memory is bounded by how many are read at a time.

    FastAPI has such a limit, but its 413 is plain text, without the security headers.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, max_form_bytes: int, allowances: Allowances) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.max_form_bytes = max_form_bytes
        self.allowances = allowances
        self.long_forms = asyncio.Semaphore(LONG_FORMS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; reading too much raises HTTPException 413 in the handler."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        headers, allowance = Headers(scope=scope), self.allowances(scope)
        typed = allowance is None and not scope["path"].startswith("/api/") and is_typed(headers)
        most = allowance.max_bytes if allowance is not None else self.max_form_bytes if typed else self.max_bytes
        declared = headers.get("content-length", "0")
        read = int(declared) if declared.isdecimal() and int(declared) > most else 0
        waited = not typed

        async def limited() -> Message:
            nonlocal read, waited
            message = await receive() if read <= most else {"type": "http.request"}
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413)
            if read > self.max_bytes and not waited:
                waited = True
                await turn.enter_async_context(self.long_forms)
            return message

        async with AsyncExitStack() as turn:
            await self.app(scope, limited, send)


def is_typed(headers: Headers) -> bool:
    """Whether a body is what a page sends that has fields and no file."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"


class Deadline:
    """Answers ``refuse`` when a request takes longer than it may, even if what it waits for never lets go.

    That is ``seconds`` at most, or what its budget or its allowance says. A statement that runs at that moment is
    cancelled with its request: it needs no limit of its own that follows the budget.

    A database that was stopped in the middle of a statement does not even honour a cancellation: the handler is
    cancelled and left behind, the client gets its answer now.
    """

    def __init__(
        self, app: ASGIApp, *, seconds: float, allowances: Allowances, refuse: Callable[[Scope], Awaitable[Response]]
    ) -> None:
        self.app = app
        self.seconds = seconds
        self.allowances = allowances
        self.refuse = refuse
        self.abandoned: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, for so long."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given_up = started = False

        async def send_unless_given_up(message: Message) -> None:
            nonlocal started
            if not given_up:
                started = True
                await send(message)

        task = asyncio.ensure_future(self.app(scope, receive, send_unless_given_up))
        try:
            done, _ = await asyncio.wait({task}, timeout=self._seconds(scope))
        except asyncio.CancelledError:
            task.cancel()
            raise
        if done:
            await task
            return
        given_up = True
        task.cancel()
        self.abandoned.add(task)
        task.add_done_callback(_forget(self.abandoned))
        if not started:
            answer = await self.refuse(scope)
            await answer(scope, receive, send)

    def _seconds(self, scope: Scope) -> float:
        allowance = self.allowances(scope)
        if allowance is not None:
            return allowance.seconds
        found = budget(scope)
        return self.seconds if found is None else min(self.seconds, found.seconds)


def _forget(tasks: set[asyncio.Task[None]]) -> Callable[[asyncio.Task[None]], None]:
    def done(task: asyncio.Task[None]) -> None:
        tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen: it has been answered already

    return done


async def _problem(send: Send, status: int, slug: str, title: str, headers: dict[str, str]) -> None:
    """A problem document made without the application, which is out of reach here."""
    document = {"type": f"/problems/{slug}", "title": title, "status": status, "detail": title}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    raw.append((b"content-type", b"application/problem+json"))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": json.dumps(document).encode()})
