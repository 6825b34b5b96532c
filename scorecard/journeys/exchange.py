"""Requests that can be sent again, and their answers: bounded in number, time and size."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpx

from scorecard.site import is_local

REQUESTS = 400
TOTAL_S = 60.0
REQUEST_S = 8.0
BODY_LIMIT = 512 * 1024
_CREDENTIAL = re.compile(r"(?i)authorization|api-?key|token|x-auth|session")
_CHARSET = re.compile(r"(?i)charset=\"?([\w-]+)")


@dataclass
class Budget:
    """What may still be asked of a service; ``deadline`` is a moment of the monotonic clock."""

    left: int = REQUESTS
    deadline: float = field(default_factory=lambda: time.monotonic() + TOTAL_S)

    def spend(self) -> bool:
        """Take one request, if there is one left."""
        if self.left <= 0 or time.monotonic() > self.deadline:
            return False
        self.left -= 1
        return True


@dataclass(frozen=True)
class Sent:
    """A request without its cookies."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    @property
    def is_safe(self) -> bool:
        """Whether it only reads (RFC 9110, 9.2.1)."""
        return self.method == "GET"

    @property
    def credentials(self) -> dict[str, str]:
        """The headers that say who sends it, their names in small letters."""
        return {name.lower(): value for name, value in self.headers.items() if _CREDENTIAL.search(name)}

    def without_credentials(self) -> Sent:
        """The same request of somebody who gives no name."""
        return replace(self, headers={k: v for k, v in self.headers.items() if k.lower() not in self.credentials})


@dataclass(frozen=True)
class Reply:
    """What came back; ``status`` is None when nothing did, and ``problem`` says why."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    problem: str = ""
    cookies: tuple[str, ...] = ()
    """The Set-Cookie lines, each by itself: joined they could not be told apart."""

    @property
    def answered(self) -> bool:
        """Whether the service made up its mind: silence, a limit of requests or a failure is no refusal."""
        return self.status is not None and self.status != 429 and self.status < 500

    @property
    def accepted(self) -> bool:
        """Whether the status says yes."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def location(self) -> str:
        """Path a redirect leads to, without its query."""
        return urlsplit(self.headers.get("location", "")).path

    @property
    def text(self) -> str:
        """The body as text, UTF-8 unless it declares another charset."""
        declared = _CHARSET.search(self.headers.get("content-type", ""))
        try:
            return self.body.decode(declared[1] if declared else "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    @property
    def ended(self) -> str:
        """The status, or why there is none."""
        return self.problem if self.status is None else str(self.status)


SPENT = Reply(None, problem="bound of the requests reached")


def client(url: str, address: str | None = None) -> httpx.Client:
    """A browser without scripts for the service at ``url``; it follows no redirect by itself.

    With ``address`` its requests come from that address of this machine.
    """
    made = httpx.Client(
        transport=None if address is None else httpx.HTTPTransport(local_address=address),
        timeout=REQUEST_S,
        # A proxy of the environment is for the outside, never for a service on this machine.
        trust_env=not is_local(url),
        headers={"user-agent": "portance", "accept-encoding": "identity"},
    )
    made.cookies.jar.set_policy(policy(url))
    return made


def policy(url: str) -> DefaultCookiePolicy:
    """What a browser does with cookies of the service at ``url``."""
    if is_local(url):
        # browsers hold a loopback address for trustworthy and send it "Secure" cookies over http
        return DefaultCookiePolicy(secure_protocols=("https", "wss", "http"))
    return DefaultCookiePolicy()


def deliver(browser: httpx.Client, request: httpx.Request, budget: Budget) -> tuple[Reply, httpx.Request | None]:
    """Send ``request``: its answer, and the request a redirect asks for. Never raises for what the service does."""
    if not budget.spend():
        return SPENT, None
    until = min(time.monotonic() + REQUEST_S, budget.deadline)
    body = bytearray()
    try:
        response = browser.send(request, stream=True)
        try:
            for chunk in response.iter_bytes():
                body += chunk[: BODY_LIMIT - len(body)]
                if len(body) >= BODY_LIMIT or time.monotonic() > until:
                    break
        finally:
            response.close()
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return Reply(None, problem=type(error).__name__), None
    cookies = tuple(response.headers.get_list("set-cookie"))
    return Reply(response.status_code, dict(response.headers), bytes(body), cookies=cookies), response.next_request


def build(browser: httpx.Client, sent: Sent) -> httpx.Request:
    """``sent`` with the cookies of ``browser``. Raises httpx.InvalidURL, or ValueError for what no header may hold."""
    options: dict[str, Any] = {"headers": dict(sent.headers)}
    if sent.body is not None:
        options["content"] = sent.body
    return browser.build_request(sent.method, sent.url, **options)


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what tells one server from another (RFC 6454)."""
    parts = urlsplit(url)
    port = parts.port if parts.port is not None else {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port
