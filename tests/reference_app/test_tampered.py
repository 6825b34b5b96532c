"""Cookies, tokens, codes, cursors and versions that were touched, cut, made up, or are somebody else's.

Each is refused as what it is, with a page or a problem document, and opens nothing of anybody's.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from documents import token_of
from inhabited import MARK, QUESTION

from reference_app import sessions
from reference_app.campaigns.invitation import code_of
from reference_app.database import connect
from reference_app.instruction import advice
from reference_app.partners import partner
from reference_app.waiting_room import ticket

REFUSED = frozenset({400, 401, 403, 404, 412, 422})
BEGUN = "/api/v1/procedures/emergency-aid/dossiers"


@dataclass(frozen=True)
class Token:
    """Something a request carries: how it is asked with it, a good one, and one of somebody else where there is one.

    ``opens`` says whether a good one is answered 200; ``harmless`` that a wrong one may be too, and shows nothing;
    ``forgiving`` that of a code its letters and digits count, whatever stands between them.
    """

    ask: Callable[[str], httpx.Response]
    good: str
    other: str | None = None
    opens: bool = True
    harmless: bool = False
    forgiving: bool = False


def touched(token: Token) -> dict[str, str]:
    """A token and what may become of it on the way, by what was done to it."""
    good, middle = token.good, len(token.good) // 2
    turned = "A" if good[middle] != "A" else "B"
    found = {
        "one character": good[:middle] + turned + good[middle + 1 :],
        "cut": good[: middle + 1],
        "twice": good + good,
        "10 000 characters": "A" * 10_000,
        "a NUL": f"{good[:middle]}\x00{good[middle:]}",
        "no ASCII": f"{good[:-1]}é",
        "right to left": f"\u202e{good[:-1]}",
        "half of an escape": f"{good}%",
    }
    if token.forgiving:
        del found["a NUL"], found["half of an escape"]
    return found if token.other is None else found | {"somebody else's": token.other}


@contextmanager
def carrying(inhabited: Any, cookies: dict[str, str] | None = None) -> Iterator[httpx.Client]:
    """A new browser; its cookies are sent as they are, whatever stands in them."""
    sent = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
    headers = {b"Accept-Language": b"en"} | ({b"Cookie": wire(sent)} if sent else {})
    with httpx.Client(base_url=inhabited.url, headers=headers, timeout=20) as client:
        yield client


def wire(text: str) -> bytes:
    """Text as it stands in a header: a NUL cannot, and is escaped as browsers do."""
    return text.replace("\x00", "%00").encode()


@pytest.fixture(scope="module")
def tokens(inhabited: Any) -> dict[str, Token]:
    """Every kind there is; a new one is added here."""
    people, things, settings = inhabited.people, inhabited.things, inhabited.app.state.parts.settings
    business, stranger, agent = people["business"], people["stranger"], people["agent"]
    cookie = {who: people[who].cookies[sessions.COOKIE] for who in ("business", "stranger")}
    begun, filed, room, account = things["dossier"][0], things["dossier"][1], uuid4(), uuid4()
    key, asked = secrets.token_urlsafe(32), QUESTION | {"expert": f"{uuid4()}@example.org"}
    advised = f"/api/v1/agent/dossiers/{things['dossier'][2]}/avis"
    avis = agent.post(advised, json=asked, headers={"Idempotency-Key": str(uuid4())}).raise_for_status().json()["id"]
    asyncio.run(let_in(settings.database_url, key))
    issued = business.post(f"/api/v1/dossiers/{filed}/code").raise_for_status().json()["code"]
    attempt, state = on_the_way(inhabited)
    version = business.get(f"/api/v1/dossiers/{begun}").headers["ETag"].strip('"')
    answers = business.get(f"/api/v1/dossiers/{begun}").json()["answers"]

    def with_session(value: str) -> httpx.Response:
        with carrying(inhabited, {sessions.COOKIE: value}) as client:
            return client.get("/api/v1/dossiers")

    def with_cookie(name: str, path: str) -> Callable[[str], httpx.Response]:
        def ask(value: str) -> httpx.Response:
            with carrying(inhabited, {sessions.COOKIE: cookie["stranger"], name: value}) as client:
                return client.get(path)

        return ask

    def with_header(client: httpx.Client, name: str, path: str, pattern: str = "{}") -> Callable[[str], httpx.Response]:
        return lambda value: client.get(path, headers={name.encode(): wire(pattern.format(value))})

    def typed(client: httpx.Client, path: str, name: str, **more: str) -> Callable[[str], httpx.Response]:
        form = {"token": token_of(client), "key": str(uuid4())} | more
        return lambda value: client.post(path, data=form | {"key": str(uuid4())} | {name: value})

    def in_address(client: httpx.Client, path: str, name: str, **more: str) -> Callable[[str], httpx.Response]:
        return lambda value: client.get(path, params=more | {name: value}, follow_redirects=False)

    def back(**query: str) -> httpx.Response:
        with carrying(inhabited, {sessions.COOKIE: attempt}) as client:
            return client.get("/sign-in/business/callback", params=query)

    def replacing(value: str) -> httpx.Response:
        headers = {b"If-Match": wire(f'"{value}"')}
        return business.put(f"{BEGUN}/{begun}", json=answers, headers=headers)

    nobody = people["nobody"]
    message = f"/dossiers/{filed}/messages"
    mixed = cookie["stranger"].rpartition(".")[0] + "." + cookie["business"].rpartition(".")[2]
    invitation = code_of(settings, uuid4())
    return {
        "session": Token(with_session, cookie["business"], mixed),
        "state": Token(lambda value: back(state=value, code="x"), state, opens=False),
        "code of the provider": Token(lambda value: back(state=state, code=value), key, opens=False),
        "token of a form": Token(
            typed(business, message, "token", text="Bonjour"), token_of(business), token_of(stranger)
        ),
        "key of a form": Token(typed(business, "/dossiers", "key", need="Feu"), str(uuid4())),
        "code from the counter": Token(typed(stranger, "/dossiers/claim", "code"), issued, opens=False, forgiving=True),
        "code for the counter": Token(
            typed(people["colleague"], "/agent/mandats/continue", "code", person="Jean"),
            issued,
            opens=False,
            forgiving=True,
        ),
        "code of an expert": Token(
            typed(nobody, f"/avis/{avis}", "code"),
            advice.code_of(settings, UUID(avis)),
            advice.code_of(settings, UUID(things["avis"][0])),
            forgiving=True,
        ),
        "code of an invitation": Token(in_address(nobody, "/invitations", "code"), invitation, opens=False),
        "code on the form of an invitation": Token(
            in_address(stranger, "/invitations/form", "code"), invitation, opens=False
        ),
        "cursor": Token(in_address(stranger, "/api/v1/dossiers", "after"), str(uuid4()), begun, harmless=True),
        "cursor of a page": Token(in_address(stranger, "/dossiers", "after"), str(uuid4()), begun, harmless=True),
        "cursor of the queue": Token(
            in_address(agent, "/agent/dossiers", "before", state="accepte", mine="false", group="none"),
            str(uuid4()),
            harmless=True,
        ),
        "cursor of a list of the day": Token(
            in_address(agent, "/agent/rendez-vous", "since", day="2020-01-01"),
            "2026-11-22T09:00:00+00:00",
            harmless=True,
        ),
        "token of a partner": Token(
            with_header(nobody, "Authorization", "/api/partner/v1/changes?after=0", "Bearer {}"), key
        ),
        "cursor of a partner": Token(
            lambda value: nobody.get(
                "/api/partner/v1/changes", params={"after": value}, headers={"Authorization": f"Bearer {key}"}
            ),
            "0",
            harmless=True,
        ),
        "version": Token(replacing, version),
        "version in a form": Token(
            typed(business, f"/dossiers/{begun}/edit", "version", procedure="emergency-aid", need=f"Feu, {MARK}."),
            version,
            opens=False,
        ),
        "language": Token(with_cookie("lang", "/dossiers"), "en", harmless=True),
        "ticket": Token(
            with_cookie(ticket.cookie_name("masks"), "/salle-attente/masks"),
            ticket.written(settings, ticket.Ticket(room, account, 1)),
            harmless=True,
        ),
    }


async def let_in(database_url: str, key: str) -> None:
    async with connect(database_url) as connection:
        await partner.let_in_for_load(connection, key, datetime.now(UTC))


def on_the_way(inhabited: Any) -> tuple[str, str]:
    """The session of a browser that began to sign in, and the state it is to come back with."""
    with httpx.Client(base_url=inhabited.url, timeout=20) as client:
        sent = client.get("/sign-in/business", follow_redirects=False).headers["location"]
        found = re.search(r"[?&]state=([^&]+)", sent)
        assert found is not None
        return client.cookies[sessions.COOKIE], found[1]


def opened(answer: httpx.Response) -> bool:
    return answer.status_code == 200


def clear(answer: httpx.Response) -> bool:
    """Whether it is a page with a heading, or a problem document, or leads to another page of ours."""
    if answer.status_code == 303:
        return re.match("/[a-z]", answer.headers["location"]) is not None
    kind = answer.headers["content-type"]
    return kind == "application/problem+json" or (kind.startswith("text/html") and "<h1>" in answer.text)


KINDS = (
    "session", "state", "code of the provider", "token of a form", "key of a form", "code from the counter",
    "code for the counter", "code of an expert", "code of an invitation", "code on the form of an invitation", "cursor",
    "cursor of a page", "cursor of the queue", "cursor of a list of the day", "token of a partner",
    "cursor of a partner", "version", "version in a form", "language", "ticket",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_tampered_with_is_refused_clearly_and_opens_nothing(tokens, good, kind):
    token, troubles = tokens[kind], []
    for what, value in touched(token).items():
        answer = token.ask(value)
        name = f"{kind}, {what}: {answer.status_code} {answer.text[:200]}"
        if answer.status_code not in REFUSED and not (token.harmless and answer.status_code in (200, 303)):
            troubles.append(name)
        elif not opened(answer) and not clear(answer):
            troubles.append(f"{name} is no page")
        if MARK in answer.text and not (kind == "version in a form" and "Feu" in answer.text):
            troubles.append(f"{name} shows what is somebody's")
    assert troubles == [], "\n".join(troubles)


@pytest.fixture(scope="module")
def good(tokens: dict[str, Token]) -> dict[str, int]:
    """How good ones are answered, asked before any other: a code is shut after too many tries."""
    return {kind: token.ask(token.good).status_code for kind, token in tokens.items() if token.opens}


def test_every_kind_is_asked_and_what_is_good_opens(tokens, good):
    """The control: what is refused above is refused for what was done to it."""
    assert set(tokens) == set(KINDS)
    assert {kind: status for kind, status in good.items() if status not in (200, 303)} == {}


def test_a_ticket_that_was_tampered_with_is_none(inhabited):
    settings, mine = inhabited.app.state.parts.settings, ticket.Ticket(uuid4(), uuid4(), 1)
    good = ticket.written(settings, mine)
    other = ticket.written(settings, ticket.Ticket(mine.room, uuid4(), 1))
    for what, text in touched(Token(lambda _: httpx.Response(200), good, other)).items():
        assert ticket.read(settings, text, mine.room, mine.account) is None, what
    assert ticket.read(settings, good, mine.room, mine.account) == mine
