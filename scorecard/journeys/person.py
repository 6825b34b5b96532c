"""A made-up person who goes through journeys of the project file, hop by hop, and remembers each exchange."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal
from urllib.parse import urlencode, urljoin

import httpx

from scorecard.journeys import templates
from scorecard.journeys.exchange import Budget, Reply, Sent, build, client, deliver, origin, policy
from scorecard.journeys.extraction import Answer, Missing, compile_extractors
from scorecard.journeys.people import fresh_uuid, person
from scorecard.project_journeys import Journey, Step

HOPS = 10
Persona = Literal["citizen", "agent"]
# A value of this name proves that a form was asked for; another person sends their own.
PROOF = re.compile(r"(?i)csrf|xsrf|token|nonce|viewstate|^key$")


@dataclass(frozen=True)
class Exchange:
    """A request and its answer; ``cookie`` is the Cookie header it carried, ``hop`` its place after redirects."""

    sent: Sent
    cookie: str
    reply: Reply
    hop: int = 0

    @property
    def has_credentials(self) -> bool:
        """Whether the request said who sends it."""
        return bool(self.cookie or self.sent.credentials)


@dataclass(frozen=True)
class Taken:
    """A step that was taken: its exchanges in order, and what went wrong (None when the journey goes on).

    ``over`` says that the answer was one of those expected, after which the journey has an end: a queue that is empty.
    """

    exchanges: tuple[Exchange, ...]
    trouble: str | None = None
    kept: frozenset[str] = frozenset()
    over: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether the step did what it was meant to."""
        return self.trouble is None


class Person:
    """Somebody with a name, a browser and what they remember. ``number`` places them in their population.

    With ``address`` their requests come from that address of this machine.
    """

    def __init__(
        self, url: str, persona: Persona, number: int, random: Random, budget: Budget, address: str | None = None
    ) -> None:
        self.persona = persona
        self.values: dict[str, Any] = dict(person(random, number))
        self._url, self._random, self._budget = url, random, budget
        self._browser = client(url, address)

    def close(self) -> None:
        """Close the browser."""
        self._browser.close()

    def cookie_for(self, url: str) -> str:
        """The Cookie header this person would send to ``url`` now."""
        return cookie_header(self._browser.cookies, url)

    def kept(self) -> httpx.Cookies:
        """The cookies this person has now: later ones change nothing in them."""
        kept = httpx.Cookies(self._browser.cookies)
        kept.jar.set_policy(policy(self._url))
        return kept

    def plant(self, cookies: httpx.Cookies) -> None:
        """Put ``cookies`` into the browser, as somebody else could have done."""
        self._browser.cookies.update(cookies)

    def write(self, step: Step, proofs: Mapping[str, Any] | None = None) -> Sent:
        """The request of ``step`` as this person would send it, its form with the proofs of another one if given."""
        values = {**self.values, "uuid": fresh_uuid(self._random)}
        headers = {name: templates.text(value, values) for name, value in step.headers.items()}
        if proofs is not None:
            values |= {name: value for name, value in proofs.items() if PROOF.search(name)}
        body = _body(step, values, headers)
        path = templates.path(step.path, values)
        url = self._url + path if path.startswith("/") else urljoin(self._url + "/", path)
        return Sent(step.method, url, headers, body)

    def take(self, step: Step, *, avoid: str | None = None, extra: Mapping[str, str] | None = None) -> Taken:
        """Take ``step``, and follow the redirects as a browser does unless one is expected.

        No redirect is followed to the host ``avoid``. ``extra`` parameters are added to the query.
        """
        sees_redirect = any(300 <= status < 400 for status in step.expected)
        made: list[Exchange] = []
        try:
            sent = self.write(step)
            if extra is not None:
                sent = replace(sent, url=str(httpx.URL(sent.url).copy_merge_params(dict(extra))))
            request: httpx.Request | None = build(self._browser, sent)
        except (httpx.InvalidURL, KeyError, ValueError) as error:
            return Taken((), f"it cannot be sent ({type(error).__name__})")
        while request is not None and len(made) <= HOPS:
            reply, following = deliver(self._browser, request, self._budget)
            made.append(Exchange(_sent(request), str(request.headers.get("cookie", "")), reply, hop=len(made)))
            leaves = following is not None and following.url.host == avoid
            request = None if sees_redirect or leaves else following
        trouble, kept = self._judge(step, made[-1].reply)
        over = trouble is not None and made[-1].reply.status in step.expected[1:]
        return Taken(tuple(made), trouble, kept, over)

    def credentials_for(self, step: Step) -> dict[str, str]:
        """The headers by which this person would say who they are in ``step``; none where a value is missing."""
        return credentials_for(step, self.values)

    def _judge(self, step: Step, reply: Reply) -> tuple[str | None, frozenset[str]]:
        none: frozenset[str] = frozenset()
        if reply.status not in step.expected:
            return f"it was answered {reply.ended}", none
        if reply.status != step.expected[0]:
            return f"it was answered {reply.status}, after which there is nothing to go on with", none
        if step.contains is not None and templates.text(step.contains, self.values) not in reply.text:
            return "the answer does not hold the expected text", none
        answer = Answer(reply.status, reply.headers, reply.body)
        for name, extract in compile_extractors(step.extract).items():
            try:
                self.values[name] = extract(answer, self._random)
            except Missing:
                return f"{name} was not found in the answer", none
        return None, frozenset(step.extract)


def credentials_for(step: Step, values: Mapping[str, Any]) -> dict[str, str]:
    """The headers by which somebody with ``values`` says who they are in ``step``; none where a value is missing."""
    try:
        return Sent("GET", "", {k: templates.text(v, values) for k, v in step.headers.items()}).credentials
    except KeyError:
        return {}


def cookie_header(cookies: httpx.Cookies, url: str) -> str:
    """The Cookie header that a browser with ``cookies`` sends to ``url``."""
    request = httpx.Request("GET", url)
    cookies.set_cookie_header(request)
    return str(request.headers.get("cookie", ""))


def is_of(url: str, sent: Sent) -> bool:
    """Whether a request is one to the service at ``url``, not to another one (an identity provider)."""
    return origin(sent.url) == origin(url)


def check(journeys: tuple[Journey, ...]) -> None:
    """Refuse journeys that cannot be played. Raises JourneyError."""
    for journey in journeys:
        templates.check(journey)
        for step in journey.steps:
            compile_extractors(step.extract)


def _sent(request: httpx.Request) -> Sent:
    own = {k: v for k, v in request.headers.items() if k not in _ADDED}
    return Sent(request.method, str(request.url), own, request.content if request.method != "GET" else None)


def _body(step: Step, values: Mapping[str, Any], headers: dict[str, str]) -> bytes | None:
    if step.json_ is not None:
        headers.setdefault("Content-Type", "application/json")
        headers.setdefault("Accept", "application/json")
        return json.dumps(templates.json_body(step.json_, values), ensure_ascii=False).encode()
    if step.form is not None:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return urlencode({key: templates.text(value, values) for key, value in step.form.items()}).encode()
    return None


_ADDED = frozenset({"host", "cookie", "connection", "user-agent", "content-length", "accept-encoding"})
