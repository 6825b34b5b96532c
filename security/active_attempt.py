"""One place of a request under trial, and what proves that something got through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from scorecard.journeys.exchange import Reply
from scorecard.personal_data import spellings
from security.active_points import Point
from security.resemblance import pieces
from security.trial import SHORTEST_ECHO

REPEATS = 3
"""Times that a difference must show before it is believed."""


class Weakness(StrEnum):
    """What was proved; the name of the rule of a finding."""

    SQL = "sql-injection"
    REFLECTED = "reflected-xss"
    STORED = "stored-xss"
    TRAVERSAL = "path-traversal"
    COMMAND = "command-execution"
    CODE = "code-execution"
    TEMPLATE = "template-injection"
    SSRF = "server-side-request-forgery"
    REDIRECT = "open-redirect"
    UPLOAD = "unbounded-upload"


@dataclass(frozen=True)
class Proof:
    """What was sent at the place, and what came back, in words."""

    weakness: Weakness
    sent: str
    came: str

    def without(self, value: str) -> Proof:
        """The proof with the value that a person typed there left out."""
        if len(value) < SHORTEST_ECHO:  # it stands in a text by chance as well
            starts = bool(value) and self.sent.startswith(value)
            return replace(self, sent=f"…{self.sent.removeprefix(value)}") if starts else self
        return replace(self, sent=self.sent.replace(value, "…"), came=self.came.replace(value, "…"))


@dataclass(frozen=True)
class Attempt:
    """A place that is tried.

    Attributes:
        route: method and path, with names for what varies.
        base: what the request is answered with the value it should have; None when that was not sent.
        send: sends the request with another value at the place.
        token: letters that stand in no other request of the run.
        call: address that only what is sent here can make somebody ask for.
        called: whether the address of a token was asked for.
        only_reads: whether the request may be made to match more than it should: it changes nothing.
        guarded: whether the place refuses what does not look like the value it should have.
        absent: whether what is named there is looked up, and was not found.
        thorough: whether there is time for what seldom finds more.
    """

    route: str
    point: Point
    base: Reply | None
    send: Callable[[str], Reply]
    token: str
    call: Callable[[str], str]
    called: Callable[[str], bool]
    only_reads: bool
    guarded: bool
    absent: bool
    thorough: bool

    def base_holds(self, text: str) -> bool:
        """Whether the answer to the ordinary request holds ``text`` too."""
        return self.base is not None and text in self.base.text


def form_of(reply: Reply, sent: str) -> tuple[object, ...]:
    """An answer without the value that was sent: equal for two answers that differ only in repeating it."""
    text = reply.text
    for spelling in sorted(spellings(sent), key=len, reverse=True):
        text = text.replace(spelling, "")
    bare = Reply(reply.status, reply.headers, text.encode())
    return reply.status, reply.location, pieces(bare), len(text) if reply.accepted else 0
