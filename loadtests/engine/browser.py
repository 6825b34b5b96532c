"""What a visitor's browser does: keeps cookies and connections, follows redirects."""

from __future__ import annotations

import http.cookiejar
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPSocketPoolResponse
from geventhttpclient.url import requote_uri
from geventhttpclient.useragent import REDIRECT_RESPONSE_CODES, CompatRequest, CompatResponse

from loadtests.engine.line import Line, Origin
from loadtests.engine.recorder import monotonic
from scorecard.site import is_local

MOST_REDIRECTS = 10
_PLAIN = re.compile(r"[!$&-;=?-Z_a-z~]+")
"""A request target that needs no quoting."""


class TooManyRedirects(Exception):  # noqa: N818 (what the target did, not an error of the program)
    """The target leads in a circle."""


class Address(NamedTuple):
    """Where a request goes: a server, and what is asked of it (path and query, percent-encoded)."""

    origin: Origin
    uri: str

    @classmethod
    def of(cls, url: str) -> Address:
        """The address that ``url`` names, without its fragment."""
        parts = urlsplit(url)
        path = parts.path if parts.path else "/"
        return cls(Origin.of(url), quoted(f"{path}?{parts.query}" if parts.query else path))

    @property
    def url(self) -> str:
        """The whole, as text."""
        return f"{self.origin.scheme}://{self.origin.netloc}{self.uri}"


def quoted(uri: str) -> str:
    """``uri`` percent-encoded where it is not yet."""
    if _PLAIN.fullmatch(uri):
        return uri
    encoded: str = requote_uri(uri)
    return encoded


@dataclass(slots=True)
class Trip:
    """What became of a request on its way; filled in as it goes, so that it tells of one that failed too.

    Attributes:
        at: where it is now.
        moved: it was redirected.
        hops: requests sent to the target, each redirect followed being one.
        elsewhere: seconds spent at other origins.
        status: of the last answer, 0 when none came.
        headers: of the last answer.
        content: of the last answer, unpacked.
    """

    at: Address
    moved: bool = False
    hops: int = 0
    elsewhere: float = 0.0
    status: int = 0
    headers: Any = None
    content: bytes = b""


class Browser:
    """Cookies and connections of one visitor of ``target``."""

    def __init__(self, target: Origin) -> None:
        self._target = target
        self._lines: dict[Origin, Line] = {}
        self._jar: http.cookiejar.CookieJar | None = None

    def send(self, trip: Trip, method: str, headers: dict[str, str], body: bytes, *, follows: bool) -> None:
        """Send a request to where ``trip`` begins and fill it in.

        A redirect is followed when ``follows``, as RFC 9110 (15.4) has it.

        Raises:
            OSError, HTTPParseError, ValueError: no answer came, or none that can be read.
            TooManyRedirects: more than :data:`MOST_REDIRECTS`.
        """
        for _ in range(MOST_REDIRECTS + 1):
            self._go(trip, method, headers, body)
            where = trip.headers.get("location") if follows and trip.status in REDIRECT_RESPONSE_CODES else None
            if not isinstance(where, str):
                return
            request = CompatRequest(trip.at.url, method, Headers(headers), body)
            request.redirect(trip.status, where)
            method, headers = request.method, request.headers.compatible_dict()
            body = body if request.payload is not None else b""
            trip.at, trip.moved = Address.of(urljoin(trip.at.url, where)), True
        raise TooManyRedirects

    @property
    def again(self) -> int:
        """Requests sent once more, since the server was closing a kept connection just then."""
        return sum(line.again for line in self._lines.values())

    def close(self) -> None:
        """Hang up everywhere."""
        for line in self._lines.values():
            line.close()

    def _go(self, trip: Trip, method: str, headers: dict[str, str], body: bytes) -> None:
        at = trip.at
        line = self._lines.get(at.origin)
        if line is None:
            line = self._lines[at.origin] = Line(at.origin)
        ours = at.origin == self._target
        trip.hops += ours
        trip.status, began = 0, monotonic()
        if self._jar is not None:
            headers = self._with_cookies(self._jar, at, headers)
        try:
            answer = line.exchange(method, at.uri, headers, body)
            trip.status, trip.headers = answer.get_code(), answer.info()
            trip.content = _content(answer)
        finally:
            if not ours:
                trip.elsewhere += monotonic() - began
        if "set-cookie" in trip.headers:
            if self._jar is None:
                self._jar = http.cookiejar.CookieJar(_policy(is_local(at.url)))
            # the jar speaks urllib's language; geventhttpclient's request and answer do, though not declared so
            heard: Any = answer
            self._jar.extract_cookies(heard, CompatRequest(at.url))

    @staticmethod
    def _with_cookies(jar: http.cookiejar.CookieJar, at: Address, headers: dict[str, str]) -> dict[str, str]:
        request = CompatRequest(at.url, headers=Headers())
        jar.add_cookie_header(request)
        cookies = request.headers.get("cookie")
        return headers | {"Cookie": str(cookies)} if cookies is not None else headers


def _content(answer: HTTPSocketPoolResponse) -> bytes:
    if "content-encoding" in answer.info():
        unpacked: bytes = CompatResponse(answer).content
        return unpacked
    plain: bytes = answer.read()
    answer.release()
    return plain


@cache
def _policy(local: bool) -> http.cookiejar.DefaultCookiePolicy:
    # browsers hold a loopback address for trustworthy and send it "Secure" cookies over http
    protocols = ("https", "wss", "http") if local else ("https", "wss")
    return http.cookiejar.DefaultCookiePolicy(secure_protocols=protocols)
