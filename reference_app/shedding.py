"""A full worker says so at once, to those first who lose least by it, instead of making everybody wait."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reference_app import language
from reference_app.budgets import budget

_FREE = ("/static/", "/livez", "/readyz", "/healthz", "/metrics")


class Shedding:
    """Answers ``refuse`` when so many requests are in a worker that one of this kind is let in no more.

    The refusal is made once for each language and kept: whoever is full has no time to write pages.

    ``places`` is how many may be in a worker at once; a kind of request has a share of them (:mod:`budgets`). What
    ``apart`` says is counted elsewhere, as files that arrive slowly are.
    """

    def __init__(
        self, app: ASGIApp, *, places: int, apart: Callable[[Scope], bool], refuse: Callable[[Scope], Response]
    ) -> None:
        self.app = app
        self.places = places
        self.apart = apart
        self.refuse = refuse
        self.within = 0
        self._said: dict[tuple[bool, str], Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while there is a place for it."""
        if scope["type"] != "http" or scope["path"].startswith(_FREE) or self.apart(scope):
            await self.app(scope, receive, send)
            return
        found = budget(scope)
        if self.within >= self.places * (1.0 if found is None else found.share):
            await self._refusal(scope)(scope, receive, send)
            return
        self.within += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.within -= 1

    def _refusal(self, scope: Scope) -> Response:
        api, spoken = scope["path"].startswith("/api/"), language.wanted(Request(scope))
        if (api, spoken) not in self._said:
            # As if asked of no page in particular by nobody in particular: others will read it.
            asked: Scope = {"method": "POST", "path": "/api/" if api else "/", "query_string": b"", "session": {}}
            self._said[api, spoken] = self.refuse({**scope, **asked})
        return self._said[api, spoken]
