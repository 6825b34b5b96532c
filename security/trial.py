"""What a replay is about: who sends a request again, what came of it, and two people of a journey."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from scorecard.journeys.exchange import Sent
from scorecard.journeys.person import Exchange, Person, Taken, is_of
from scorecard.journeys.sessions import ends_session
from scorecard.project_journeys import Journey, Step
from security.sender import Control

# The return from an identity provider: what it carries is a credential by itself, good for once.
_ONE_TIME = re.compile(r"(?i)[?&](?:ticket|samlresponse|id_token)=|[?&]code=.*[?&]state=|[?&]state=.*[?&]code=")
_VARYING = re.compile(r"(?i)\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

TYPED = ("email", "siret", "siren", "iban", "name")
"""Values a person says of themselves, and not of what they make."""
SHORTEST_ECHO = 6
"""A shorter value (a rank, a year) stands in many answers by chance."""


class Whom(StrEnum):
    """Who sends a request again."""

    NOBODY = "nobody"
    TAMPERED = "tampered session"
    PEER = "another person"
    OTHER_PERSONA = "other persona"
    OTHER_GROUP = "agent of another group"


class Outcome(StrEnum):
    """What came of it; ``untried`` when nobody can tell."""

    REFUSED = "refused"
    ALLOWED = "allowed"
    LEAK = "leak"
    UNTRIED = "untried"


@dataclass(frozen=True)
class Trial:
    """One request sent again. ``echo`` says that the answer held values of the person who sent it first."""

    journey: str
    persona: str
    route: str
    whom: Whom
    outcome: Outcome
    ended: str = ""
    echo: bool = False


@dataclass
class Playing:
    """Two people in one journey: the peer lends a session, the owner is the one to be protected.

    Attributes:
        taken: the peer's steps, by their place in ``steps``.
        sessions: Cookie header and credential headers of the peer before each of them.
        objects: what the owner made or was given alone, by the name the journey extracts it under.
        fellow: another journey of the same persona, whose peer tries where one person alone goes this way.
    """

    journey: Journey
    peer: Person | None
    owner: Person
    taken: list[Taken] = field(default_factory=list)
    sessions: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    control: Control | None = None
    objects: dict[str, str] = field(default_factory=dict)
    fellow: Playing | None = None

    def close(self) -> None:
        """Close the browsers of both."""
        self.owner.close()
        if self.peer is not None:
            self.peer.close()

    @property
    def steps(self) -> list[Step]:
        """The steps, but for signing out: it would end the sessions to try with."""
        return [step for step in self.journey.steps if not ends_session(step.path)]

    def asked(self) -> set[str]:
        """The routes of the journey, and those its peer was led to, without the names of their parameters."""
        written = {f"{step.method} {step.path.partition('?')[0]}" for step in self.steps}
        led_to = {self.route(exchange.sent) for taken in self.taken for exchange in taken.exchanges}
        return {unnamed(route) for route in written | led_to}

    def names_object(self, sent: Sent) -> bool:
        """Whether the request names something of the owner, in its address or its body."""
        if set(self.objects.values()) & parts(sent.url):
            return True
        body = (sent.body or b"").decode("utf-8", "replace")
        # a short identifier stands in a body by chance
        return any(_names(value).search(body) for value in self.objects.values() if len(value) >= SHORTEST_ECHO)

    def made_up(self, sent: Sent) -> Sent:
        """The request with the owner's objects replaced by such as do not exist."""
        return made_up(sent, self.objects.values())

    def route(self, sent: Sent) -> str:
        """Method and path with names for what varies, and without the query: it holds nothing about a person."""
        return route(sent, self.owner.values)


def made_up(sent: Sent, values: Iterable[str]) -> Sent:
    """``sent`` with ``values`` in its path, its query and its body replaced by such as do not exist."""
    url, body = sent.url, sent.body
    for value in values:
        start = len(url) - len(urlsplit(url)._replace(scheme="", netloc="").geturl())
        url = url[:start] + _names(value).sub(other_identifier(value), url[start:])
        if body is not None:
            body = _names(value).sub(other_identifier(value), body.decode("utf-8", "replace")).encode()
    return replace(sent, url=url, body=body)


def named(sent: Sent, values: Iterable[str]) -> bool:
    """Whether the request names one of ``values``, in its address or its body."""
    body = (sent.body or b"").decode("utf-8", "replace")
    known = parts(sent.url)
    return any(value in known or (bool(body) and _names(value).search(body) is not None) for value in values)


def route(sent: Sent, values: Mapping[str, Any]) -> str:
    """Method and path with names for what varies (``values`` of a person, identifiers), and without the query."""
    known = {str(value): name for name, value in values.items()}
    segments = [unquote(segment) for segment in urlsplit(sent.url).path.split("/")]
    named = [f"{{{known[s]}}}" if s in known else "{id}" if _VARYING.fullmatch(s) else s for s in segments]
    return f"{sent.method} {'/'.join(named)}"


def is_signed_in_read(url: str, exchange: Exchange) -> bool:
    """Whether an exchange is a successful read of the service at ``url`` by somebody who says who they are."""
    sent = exchange.sent
    return (
        sent.is_safe
        and exchange.reply.accepted
        and exchange.has_credentials
        and is_of(url, sent)
        and _ONE_TIME.search(sent.url) is None
        and not ends_session(sent.url)
    )


def unnamed(route: str) -> str:
    """A route in which it does not matter what its parameters are called."""
    return re.sub(r"\{[^}]*\}", "{}", route)


def parts(url: str) -> set[str]:
    """Segments of the path and values of the query."""
    split = urlsplit(url)
    return {unquote(segment) for segment in split.path.split("/")} | {value for _, value in parse_qsl(split.query)}


def other_identifier(value: str) -> str:
    """An identifier of the same form that nothing has: each character is another one, small numbers are large."""
    if value.isdigit() and len(value) < 9:
        return "9" + value.rjust(8, "0")
    return "".join(_next(character) for character in value)


def _names(value: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(value)}(?![\w-])")


def _next(character: str) -> str:
    for letters in ("0123456789", "abcdef", "ghijklmnopqrstuvwxyz", "ABCDEF", "GHIJKLMNOPQRSTUVWXYZ"):
        if character in letters:
            return letters[(letters.index(character) + 3) % len(letters)]
    return character
