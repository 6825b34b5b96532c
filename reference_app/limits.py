"""How much one person and one address may ask for, so that everybody else is served (docs/decisions/0126).

Counted in the memory of each worker: there is no part whose loss would open or close the service. A worker that
restarts forgets, and the key unused for longest is forgotten when the table is full: both let through, neither refuses.
What comes without an address shares one count, and may be refused for what others did.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from reference_app import problems
from reference_app.errors import TooManyRequests
from reference_app.protection import SAFE_METHODS
from reference_app.settings import Settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
KEPT = 50_000
"""Keys a worker remembers: some 15 MB at most."""
_SEARCHES = ("/agent/search", "/api/v1/agent/search")
"""Who looks through other people's names one after the other does so slowly."""
_FREE = ("/static/", "/livez", "/readyz", "/healthz")


@dataclass(frozen=True)
class Rate:
    """``burst`` requests at once, and then so many ``per_s``."""

    burst: int
    per_s: float


class Buckets:
    """Token buckets by key; ``clock`` gives seconds that never go back."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic, *, kept: int = KEPT) -> None:
        self._rate, self._clock, self._kept = rate, clock, kept
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one request of ``key``: 0 when it may pass, else the seconds until one may."""
        now = self._clock()
        left, at = self._left.pop(key, (float(self._rate.burst), now))
        left = min(float(self._rate.burst), left + (now - at) * self._rate.per_s)
        passes = left >= 1.0
        self._left[key] = (left - 1.0 if passes else left, now)
        if len(self._left) > self._kept:
            self._left.popitem(last=False)
        return 0.0 if passes else (1.0 - left) / self._rate.per_s

    def __len__(self) -> int:
        return len(self._left)


class RateLimit:
    """Answers 429 with Retry-After to a person, or an address, that asks for more than its share.

    It stands inside the session, which says who asks. Static files and the questions of the platform are free.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self.app = app
        self._unlimited = settings.unlimited_networks
        self._proxies = settings.trusted_proxies
        self._address = Buckets(Rate(settings.address_burst, settings.address_per_s), clock)
        self._sign_in = Buckets(Rate(settings.sign_in_burst, settings.sign_in_per_s), clock)
        self._person = Buckets(Rate(settings.person_burst, settings.person_per_s), clock)
        self._writes = Buckets(Rate(settings.write_burst, settings.write_per_s), clock)
        self._searches = Buckets(Rate(settings.searches_a_minute, settings.searches_a_minute / 60), clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 429."""
        wait = 0.0 if scope["type"] != "http" or scope["path"].startswith(_FREE) else self._wait(scope)
        if wait == 0.0:
            await self.app(scope, receive, send)
            return
        response = await problems.refusal(Request(scope, receive), TooManyRequests(math.ceil(wait)))
        await response(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        address = sender(scope, self._proxies)
        if address is not None and _within(address, self._unlimited):
            return 0.0
        wait = self._address.take(str(address))
        if wait == 0.0 and scope["path"].startswith("/sign-in/"):
            wait = self._sign_in.take(str(address))
        account = scope.get("session", {}).get("account")
        if wait == 0.0 and account is not None:
            wait = self._person.take(account)
            if wait == 0.0 and scope["method"] not in SAFE_METHODS:
                wait = self._writes.take(account)
            if wait == 0.0 and scope["method"] == "POST" and scope["path"] in _SEARCHES:
                wait = self._searches.take(account)
        return wait


def sender(scope: Scope, proxies: Iterable[Network]) -> Address | None:
    """The address a request comes from: that of the connection, unless a trusted proxy says for whom it asks.

    Of X-Forwarded-For the last address that is no trusted proxy counts: what stands before it anybody may have written.
    """
    client = scope.get("client")
    nearest = _parsed(client[0]) if client else None
    if nearest is None or not _within(nearest, proxies):
        return nearest
    written = Headers(scope=scope).get("x-forwarded-for", "")
    for text in reversed(written.split(",")):
        address = _parsed(text.strip())
        if address is None:
            return nearest
        nearest = address
        if not _within(address, proxies):
            return address
    return nearest


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped
