"""Sends requests with other values at each of their places, and keeps what was proved and what was not tried."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urljoin

from scorecard.journeys.exchange import Budget, Reply, Sent, origin
from security import active_markup
from security.active_attempt import Attempt, Proof, Weakness
from security.active_execution import try_execution
from security.active_points import Point, points, put, with_query
from security.active_reach import try_redirect, try_ssrf, try_traversal
from security.active_sql import try_sql
from security.callback import Callback
from security.redirects import ELSEWHERE, leads_elsewhere
from security.sender import Sender

_PROBES = (active_markup.try_markup, try_execution, try_sql, try_traversal, try_ssrf, try_redirect)
_REDIRECTING = (
    "next",
    "url",
    "return_to",
    "return",
    "redirect",
    "redirect_uri",
    "continue",
    "goto",
    "target",
    "retour",
)
LATE_S = 0.5
LONGEST_WAIT_S = 3.0
"""A limit of requests that asks for more patience than this ends the trial of a place."""


@dataclass(frozen=True)
class Aim:
    """A request to try: ``make`` gives it anew each time, ``cookie`` the Cookie header of who sends it."""

    route: str
    make: Callable[[], Sent]
    cookie: Callable[[str], str]
    varying: frozenset[str]
    base: Reply | None = None


@dataclass(frozen=True)
class Proved:
    """A proof and its place."""

    route: str
    place: str
    proof: Proof


@dataclass
class Prober:
    """The account of the trials of one service.

    Attributes:
        places: how many places were tried to the end.
        silent: routes and places with an attempt that got no answer.
        marked: place of each token that was sent as markup.
        accepted: the places where markup was taken.
    """

    url: str
    budget: Budget
    callback: Callback
    random: Random
    thorough: bool
    proved: list[Proved] = field(default_factory=list)
    places: int = 0
    silent: list[str] = field(default_factory=list)
    marked: dict[str, tuple[str, str]] = field(default_factory=dict)
    accepted: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._sender = Sender(self.url, self.budget)
        self._called: dict[str, tuple[str, str]] = {}

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()

    @property
    def sent(self) -> int:
        """Requests sent so far."""
        return self._sender.made

    def try_all(self, aim: Aim) -> None:
        """Try every place of ``aim``, and names of redirects that its address does not have."""
        sent = aim.make()
        for point in points(sent, aim.varying):
            self._try(aim, point)
        if sent.is_safe:
            self._try_names(aim)

    def send(self, sent: Sent, cookie: str) -> Reply:
        """The answer to ``sent``; a limit of requests that names a short wait is waited for once."""
        reply = self._sender.send(sent, cookie)
        wait = reply.headers.get("retry-after", "")
        if reply.status == 429 and wait.isdecimal() and int(wait) <= LONGEST_WAIT_S:
            time.sleep(int(wait))
            reply = self._sender.send(sent, cookie)
        return reply

    def late_calls(self) -> None:
        """Keep as proved what was called for after its answer, within :data:`LATE_S` of the last one."""
        time.sleep(LATE_S)
        for token, (route, place) in self._called.items():
            if self.callback.was_called(token):
                came = "a request to it, after the answer"
                self.keep(route, place, Proof(Weakness.SSRF, "the address of a listener of this run", came))

    def seen(self, reply: Reply, where: str, reader: str) -> None:
        """Keep as proved what an answer at ``where`` shows as markup though it was sent elsewhere."""
        for token in active_markup.marks(reply):
            if token in self.marked:
                route, place = self.marked[token]
                came = f"later, on {where} as {reader}, where it is an element or an attribute of the page"
                self.keep(route, place, Proof(Weakness.STORED, "markup", came))

    def token(self) -> str:
        """Letters that no other request of the run has."""
        return "zq" + "".join(self.random.choices("abcdefghijklmnop", k=10)) + "zq"

    def _try(self, aim: Aim, point: Point) -> None:
        token = self.token()
        silent: list[str] = []
        taken: set[str] = set()

        def send(value: str) -> Reply:
            sent = put(aim.make(), point, value)
            reply = self.send(sent, aim.cookie(sent.url))
            if reply.status is None or reply.status == 429:
                silent.append(reply.ended)
            elif reply.accepted or 300 <= reply.status < 400:
                taken.add(value)
                self._follow(reply, sent, aim)
            return reply

        plain = send(token)
        attempt = Attempt(
            route=aim.route,
            point=point,
            base=aim.base,
            send=send,
            token=token,
            call=self.callback.address,
            called=self.callback.was_called,
            only_reads=aim.make().is_safe,
            guarded=plain.status in (400, 422) and (aim.base is None or aim.base.status != plain.status),
            absent=point.where == "path" and plain.status == 404,
            thorough=self.thorough,
        )
        self.marked[token] = (aim.route, point.name)
        self._called[f"{token}s"] = (aim.route, point.name)
        for probe in _PROBES:
            proof = probe(attempt)
            if proof is not None:
                self.keep(aim.route, point.name, proof.without(point.value))
        if active_markup.value(token, token) in taken:
            self.accepted.add((aim.route, point.name))
        if silent:
            self.silent.append(f"{aim.route} ({point.name}: {silent[0]})")
        else:
            self.places += 1

    def _try_names(self, aim: Aim) -> None:
        sent = aim.make()
        held = {str(point.key[0]) for point in points(sent, ()) if point.where == "query"}
        names = [name for name in _REDIRECTING if name not in held]
        if not self._leads(aim, sent, names):
            return
        for name in names:
            if self._leads(aim, sent, [name]):
                came = "a redirect to that site"
                self.keep(aim.route, name, Proof(Weakness.REDIRECT, f"https://{ELSEWHERE}/", came))

    def _leads(self, aim: Aim, sent: Sent, names: Iterable[str]) -> bool:
        again = with_query(sent, dict.fromkeys(names, f"https://{ELSEWHERE}/"))
        return leads_elsewhere(self.send(again, aim.cookie(again.url)))

    def _follow(self, reply: Reply, sent: Sent, aim: Aim) -> None:
        """Where a form leads after it was taken, its values are often shown."""
        target = reply.headers.get("location")
        if target is None or sent.is_safe:
            self._seen_unless_reflected(reply, aim.route)
            return
        try:
            address = urljoin(sent.url, target)
            if origin(address) != origin(self.url):
                return
        except ValueError:
            return
        self.seen(self.send(Sent("GET", address), aim.cookie(address)), "the page it leads to", "the same person")

    def _seen_unless_reflected(self, reply: Reply, route: str) -> None:
        """Like :meth:`seen` for an answer to ``route``, of which its own values are another proof."""
        for token in active_markup.marks(reply):
            if self.marked.get(token, (route, ""))[0] != route:
                self.seen(reply, route, "the same person")

    def keep(self, route: str, place: str, proof: Proof) -> None:
        """Keep a proof, once a place and weakness."""
        known = {(one.route, one.place, one.proof.weakness) for one in self.proved}
        if (route, place, proof.weakness) not in known:
            self.proved.append(Proved(route, place, proof))
