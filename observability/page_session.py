"""Journeys played before their pages are seen: which pages they lead to, and as whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlsplit

import httpx

from observability.page_typing import FREE_TEXT, NIR, TELEPHONE
from observability.views import Stop
from scorecard.evidence import Text
from scorecard.journeys import JourneyError
from scorecard.journeys.cast import in_order, last_but, left_undone
from scorecard.journeys.exchange import Budget, build, client, deliver
from scorecard.journeys.person import Exchange, Person, check, is_of
from scorecard.journeys.sessions import ends_session
from scorecard.journeys.typed import route, typed
from scorecard.personal_data import Kind
from scorecard.project_journeys import Journey, Step
from scorecard.site import Site

REQUESTS, SECONDS = 150, 15.0
_PLACE = 6
"""Place from the end of the population: others look at the service as the last ones."""


@dataclass
class Played:
    """Pages that journeys lead to, what to type into their forms by its kind, and what went wrong.

    ``typed`` holds every value that was or will be typed, with its kind: a hit on one of them is certain. ``done`` are
    the steps taken.
    """

    to_type: dict[str, str]
    typed: dict[str, str]
    stops: dict[str, Stop] = field(default_factory=dict)
    done: set[tuple[str, str]] = field(default_factory=set)
    gap: Text | None = None


def play(site: Site, random: Random, budget: Callable[[int, float], Budget]) -> Played:
    """Play each journey once and gather the pages that it leads to, as the person at its end sees them.

    A page that a visitor without a name is given too is seen as such a visitor; one that only somebody signed in is
    given, with the cookies of that person. Pages that take another credential than a cookie are left out.
    """
    made_up = _INVENTED | {FREE_TEXT: f"Essai {random.getrandbits(64):016x}"}
    played = Played(made_up, {value: kind for kind, value in made_up.items()})
    if not site.project.journeys:
        played.gap = _NO_JOURNEY
        return played
    try:
        check(site.project.journeys)
    except JourneyError as error:
        played.gap = Text(en=f"a journey cannot be played: {error}", fr=f"un parcours est injouable\u202f: {error}")
        return played
    allowed = budget(REQUESTS, SECONDS)
    for journey in in_order(site):
        person = last_but(site, journey, _PLACE, random, allowed) or last_but(site, journey, 0, random, allowed)
        assert person is not None
        try:
            _go(site, journey, person, played, allowed)
        finally:
            person.close()
    return played


def _go(site: Site, journey: Journey, person: Person, played: Played, budget: Budget) -> None:
    assert site.url is not None
    url = site.url.rstrip("/")
    seen: dict[str, Exchange] = {}
    played.to_type |= {kind: str(person.values[kind]) for kind in (Kind.EMAIL, Kind.NAME, Kind.IBAN)}
    played.typed |= {value: kind for kind, value in played.to_type.items()}
    for step in journey.steps:
        if ends_session(step.path):
            continue
        played.typed |= typed(step, person.values)
        taken = person.take(step)
        if taken.exchanges and _is_page(url, last := taken.exchanges[-1]):
            seen[_path(url, step, last, person)] = last
        if taken.over and not left_undone(journey, step, played.done):
            break
        if not taken.succeeded:
            played.gap = _stopped(journey, step, taken.trouble or "")
            break
        played.done.add((step.method, step.path))
    cookies = _cookies(person.kept(), url)
    with client(url) as nobody:
        for path, exchange in seen.items():
            address = exchange.sent.url.removeprefix(url)
            if exchange.sent.credentials:
                continue
            if _is_public(nobody, exchange, budget):
                stop = Stop(path, address)
            else:
                stop = Stop(path, address, journey.persona, cookies)
            played.stops[stop.name] = stop


def _is_page(url: str, exchange: Exchange) -> bool:
    sent, reply = exchange.sent, exchange.reply
    return sent.is_safe and is_of(url, sent) and reply.accepted and "html" in reply.headers.get("content-type", "")


def _path(url: str, step: Step, last: Exchange, person: Person) -> str:
    """The path as the journey writes it, else as it was asked for, with the person's values by their names."""
    if step.method == "GET" and last.hop == 0 and step.path.startswith("/"):
        return step.path
    path = route(last.sent.url, person.values)
    return path.removeprefix(urlsplit(url).path) or "/"


def _is_public(nobody: httpx.Client, exchange: Exchange, budget: Budget) -> bool:
    """Whether a visitor without a name is given that page: led elsewhere, or a page of another title, is not it."""
    reply, _ = deliver(nobody, build(nobody, exchange.sent), budget)
    nobody.cookies.clear()
    return reply.accepted and _TITLE.findall(reply.text) == _TITLE.findall(exchange.reply.text)


def _cookies(kept: httpx.Cookies, url: str) -> tuple[tuple[str, str, str], ...]:
    """Name, value and path of the cookies that go to the service."""
    request = httpx.Request("GET", url)
    host = request.url.host
    return tuple(
        (cookie.name, cookie.value, cookie.path)
        for cookie in kept.jar
        if cookie.value is not None and cookie.domain.lstrip(".").removesuffix(".local") in (host, "")
    )


def _stopped(journey: Journey, step: Step, trouble: str) -> Text:
    return Text(
        en=f"the journey {journey.name} stopped at the step “{step.label}”: {trouble}",
        fr=f"le parcours {journey.name} s’est arrêté à l’étape « {step.label} »",
    )


_INVENTED: dict[str, str] = {
    Kind.EMAIL: "usager-0@example.org",
    Kind.NAME: "Adèle Abadie",
    Kind.IBAN: "FR7630006000011234567890189",
    Kind.TELEPHONE: TELEPHONE,
    Kind.NIR: NIR,
}
_TITLE = re.compile(r"(?is)<title[^>]*>(.*?)</title>")
_NO_JOURNEY = Text(
    en="portance.toml has no journey, so no page was seen signed in",
    fr="portance.toml n’a aucun parcours\u202f: aucune page n’a été vue avec une session ouverte",
)
