"""The one pool of connections to others: identity providers and sources, over a TLS context made once."""

from __future__ import annotations

import ssl
from typing import Self

import httpx

from reference_app.proxies import DIRECT, Proxies

MOST = 100
KEPT_OPEN = 20
TIMEOUT_S = 5.0


class Outgoing(httpx.AsyncBaseTransport):
    """A transport that many clients share: closing one of them leaves it open, :meth:`end` closes it.

    Authlib makes a client for every call; without this each would open, and negotiate, a connection of its own.
    """

    def __init__(self, proxies: Proxies = DIRECT) -> None:
        # One context for all: making one reads every root certificate, some 20 ms each time.
        self._context = ssl.create_default_context()
        self._proxies = proxies
        self._ways: dict[str | None, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` on its way."""
        return await self._way(self._proxies.of(str(request.url))).handle_async_request(request)

    async def __aenter__(self) -> Self:
        """The transport itself: it opens connections when they are needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing: others use it too."""

    async def aclose(self) -> None:
        """Nothing: others use it too."""

    async def end(self) -> None:
        """Close every connection."""
        for way in self._ways.values():
            await way.aclose()

    def client(self) -> httpx.AsyncClient:
        """A client over this pool: bounded in time, without cookies, following nothing."""
        return httpx.AsyncClient(transport=self, timeout=TIMEOUT_S, trust_env=False)

    def _way(self, proxy: str | None) -> httpx.AsyncHTTPTransport:
        """The connections through ``proxy``, or straight."""
        if proxy not in self._ways:
            limits = httpx.Limits(max_connections=MOST, max_keepalive_connections=KEPT_OPEN)
            self._ways[proxy] = httpx.AsyncHTTPTransport(verify=self._context, limits=limits, proxy=proxy)
        return self._ways[proxy]
