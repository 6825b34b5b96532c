"""Sends requests again with a given session, and asks of the service whether a session still works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import httpx

from scorecard.journeys.exchange import Budget, Reply, Sent, build, client, deliver
from scorecard.journeys.person import Exchange
from security.resemblance import resembles


@dataclass(frozen=True)
class Control:
    """A request that its owner may make and nobody may: it tells whether a session still works."""

    sent: Sent
    own: Reply
    refused: Reply
    names_object: bool


@dataclass
class Sender:
    """A client without a memory: each request carries the cookies it is given, and no others.

    With ``address`` its requests come from that address of this machine.
    """

    url: str
    budget: Budget
    address: str | None = None
    made: int = 0
    _browser: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self._browser = client(self.url, self.address)

    def close(self) -> None:
        """Close the connections."""
        self._browser.close()

    def send(self, sent: Sent, cookie: str = "") -> Reply:
        """The answer to ``sent`` with the Cookie header ``cookie``; never raises for what the service does."""
        headers = {**sent.headers, "cookie": cookie} if cookie else sent.headers
        try:
            request = build(self._browser, replace(sent, headers=headers))
        except (httpx.InvalidURL, ValueError) as error:
            return Reply(None, problem=type(error).__name__)
        reply, _ = deliver(self._browser, request, self.budget)
        # the client keeps cookies by itself; each request is to carry the ones it is given
        self._browser.cookies.clear()
        self.made += 1
        return reply

    def control(self, exchange: Exchange, *, names_object: bool) -> Control | None:
        """``exchange`` as a control; None when nobody is answered as the one who made it."""
        refused = self.send(exchange.sent.without_credentials())
        if not refused.answered or resembles(refused, exchange.reply, None):
            return None
        return Control(exchange.sent, exchange.reply, refused, names_object)

    def opens(self, control: Control, cookie: str, headers: Mapping[str, str]) -> bool:
        """Whether a session (Cookie header and credential headers) opens what nobody may open."""
        return resembles(self.ask(control, cookie, headers), control.own, control.refused)

    def ask(self, control: Control, cookie: str, headers: Mapping[str, str]) -> Reply:
        """The answer to the request of ``control`` with that session."""
        bare = control.sent.without_credentials()
        return self.send(replace(bare, headers={**bare.headers, **headers}), cookie)
