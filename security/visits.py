"""Visits to a service from outside: GET, HEAD and OPTIONS only, bounded in number, time and size."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from scorecard.evidence import Text
from scorecard.site import is_local
from security.redaction import redact

VISITS = 120
TOTAL_S = 45.0
VISIT_S = 5.0
BODY_LIMIT = 64 * 1024
HOPS = 3
# Values are kept of these only: others (Location, Set-Cookie, identifiers of requests) may hold what must not travel.
_KEPT_VALUES = (
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "content-security-policy",
    "content-type",
    "permissions-policy",
    "referrer-policy",
    "server",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "x-powered-by",
)


@dataclass(frozen=True)
class Visit:
    """One request and what came back; ``status`` is None when nothing did, and ``problem`` says why."""

    method: str
    path: str
    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    problem: str = ""

    @property
    def answered(self) -> bool:
        """Whether the answer is the service's own: not silence, a limit of requests, or a failing front."""
        return self.status is not None and self.status not in (429, 502, 503, 504)

    @property
    def is_html(self) -> bool:
        """Whether a browser would show the answer as a page."""
        return self.header("content-type").startswith(("text/html", "application/xhtml+xml"))

    @property
    def text(self) -> str:
        """The body as text, whatever its encoding."""
        return self.body.decode("utf-8", "replace")

    def header(self, name: str) -> str:
        """Value of a header in small letters, values of repeated ones joined by a comma; empty when absent."""
        return ", ".join(self.all(name)).lower()

    def all(self, name: str) -> list[str]:
        """Values of a header as they came."""
        return [value for key, value in self.headers if key == name]

    @property
    def place(self) -> str:
        """Location for a finding: the method and the path without its query."""
        return f"{self.method} {self.path.partition('?')[0]}"


@dataclass
class Visitor:
    """Goes to one service and keeps an account of its visits.

    A visit past the bounds is not made: it comes back unanswered, so that what depends on it is unknown.
    """

    url: str
    visits: int = VISITS
    total_s: float = TOTAL_S
    made: list[Visit] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._client = httpx.Client(
            timeout=VISIT_S,
            follow_redirects=False,
            # A proxy of the environment is for the outside, never for a service on this machine.
            trust_env=not is_local(self.url),
            headers={"user-agent": "portance", "accept-encoding": "identity"},
        )
        self._deadline = time.monotonic() + self.total_s
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def go(
        self, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, limit: int = BODY_LIMIT
    ) -> Visit:
        """Visit ``path`` and read at most ``limit`` bytes; never raises for what the service does."""
        if len(self.made) >= self.visits or time.monotonic() > self._deadline:
            visit = Visit(method, path, None, problem="bound of the visits reached")
        else:
            visit = self._go(path, method, headers or {}, limit)
        # The client keeps cookies by itself; each visit is to be that of a newcomer.
        self._client.cookies.clear()
        self.made.append(visit)
        return visit

    def page(self, path: str) -> list[Visit]:
        """Visit ``path`` as a browser does: the redirects within the service, then the page."""
        hops = [self.go(path, headers={"accept": "text/html,*/*;q=0.8"})]
        while len(hops) <= HOPS and (target := self._redirect(hops[-1])) is not None:
            hops.append(self.go(target, headers={"accept": "text/html,*/*;q=0.8"}))
        return hops

    def _redirect(self, visit: Visit) -> str | None:
        locations = visit.all("location")
        if visit.status is None or not 300 <= visit.status < 400 or not locations:
            return None
        base = urlsplit(self.url)
        try:
            target = urlsplit(str(httpx.URL(self.url + visit.path).join(locations[0])))
        except httpx.InvalidURL:
            return None
        if (target.scheme, target.netloc) != (base.scheme, base.netloc) or not target.path.startswith(base.path):
            return None
        path = target.path.removeprefix(base.path.rstrip("/"))
        return f"{path}?{target.query}" if target.query else path

    def _go(self, path: str, method: str, headers: Mapping[str, str], limit: int) -> Visit:
        until = min(time.monotonic() + VISIT_S, self._deadline)
        body = bytearray()
        try:
            with self._client.stream(method, self.url + path, headers=dict(headers)) as response:
                for chunk in response.iter_raw():
                    body += chunk[: limit - len(body)]
                    if len(body) >= limit or time.monotonic() > until:
                        break
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            return Visit(method, path, None, problem=type(error).__name__)
        pairs = tuple((name.lower(), value) for name, value in response.headers.multi_items())
        return Visit(method, path, response.status_code, pairs, bytes(body))

    def account(self) -> list[dict[str, object]]:
        """The visits in a form to keep: no query, no body, no cookie, no header that may name a person."""
        return [
            {
                "request": visit.place[:200],
                "status": visit.status,
                "problem": visit.problem,
                "bytes": len(visit.body),
                "headers": {name: visit.header(name) if name in _KEPT_VALUES else "…" for name, _ in visit.headers},
            }
            for visit in self.made
        ]


def silence(visits: Iterable[Visit]) -> Text | None:
    """Why what was asked with ``visits`` is not known, None when each got an answer."""
    unanswered = [visit for visit in visits if not visit.answered]
    if not unanswered:
        return None
    first = unanswered[0]
    why = first.problem or str(first.status)
    place = redact(first.place[:120])
    return Text(
        en=f"{len(unanswered)} requests got no answer of the service, the first being {place} ({why})",
        fr=f"{len(unanswered)} requêtes sont restées sans réponse du service, la première étant {place} ({why})",
    )
