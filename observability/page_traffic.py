"""What a page asks for while it loads: how many requests, how many bytes, and of whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Request

from observability.browser import origin


@dataclass
class Traffic:
    """What the browser asked for, by the origin it goes to, and the bytes that came."""

    own: str | None
    asked: dict[Request, str] = field(default_factory=dict)
    weight: float = 0.0
    sockets: set[str] = field(default_factory=set)

    def request(self, request: Request) -> None:
        """Count a request that begins."""
        there = origin(request.url)
        if there is not None:
            self.asked[request] = there

    def failed(self, request: Request) -> None:
        """Leave out a request that the page itself did not let go."""
        # What the page's own policy refused ("csp") never leaves the browser; what our fence refused would have.
        if not (request.failure or "").startswith("net::"):
            self.asked.pop(request, None)

    def finished(self, event: dict[str, Any]) -> None:
        """Count the bytes of a request that ended."""
        self.weight += event["encodedDataLength"]

    def socket(self, url: str) -> None:
        """Count a socket by where it leads."""
        self.sockets.add(origin(url) or url)

    def others(self) -> set[str]:
        """The other origins that were asked."""
        return {there for there in {*self.asked.values(), *self.sockets} if there != self.own}
