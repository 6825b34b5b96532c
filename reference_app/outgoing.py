"""The one pool of connections to others: identity providers and sources, over TLS contexts made once."""

from __future__ import annotations

import ssl
from typing import Self

import httpx

MOST = 100
KEPT_OPEN = 20
TIMEOUT_S = 5.0


class Outgoing(httpx.AsyncHTTPTransport):
    """A transport that many clients share: closing one of them leaves it open, :meth:`end` closes it.

    Authlib makes a client for every call; without this each would open, and negotiate, a connection of its own.
    """

    def __init__(self) -> None:
        # One context for all: making one reads every root certificate, some 20 ms each time.
        limits = httpx.Limits(max_connections=MOST, max_keepalive_connections=KEPT_OPEN)
        super().__init__(verify=ssl.create_default_context(), limits=limits)

    async def __aenter__(self) -> Self:
        """The transport itself: it opens connections when they are needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing: others use it too."""

    async def aclose(self) -> None:
        """Nothing: others use it too."""

    async def end(self) -> None:
        """Close every connection."""
        await super().aclose()

    def client(self) -> httpx.AsyncClient:
        """A client over this pool: bounded in time, without proxies or cookies, following nothing."""
        return httpx.AsyncClient(transport=self, timeout=TIMEOUT_S, trust_env=False)
