"""A partner is told of every change once, in order, signed; nothing personal, and nothing to where it must not go."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from old_finance import Clock, Place
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from reference_app.database import make_pool
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage
from reference_app.partners import destination, partner, signature, webhook
from reference_app.partners.changes import Event
from reference_app.partners.errors import PartnerError
from reference_app.partners.partner import Scope
from reference_app.partners.telling import Teller, tell

KEY = "the key of the webhooks of this test"


@dataclass
class Receiver:
    """A partner's server: what it got, and how it answers."""

    port: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[int], int] = lambda _: 204
    redirect: str | None = None
    silent: threading.Event | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def changes(self) -> list[int]:
        return [json.loads(body)["data"]["change"] for _, body in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            if receiver.silent is not None:
                receiver.silent.wait(30)
            self.send_response(receiver.answer(len(receiver.got)))
            if receiver.redirect is not None:
                self.send_header("Location", receiver.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        if receiver.silent is not None:
            receiver.silent.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def subscribed(place: Place, url: str, events=tuple(Event)) -> UUID:
    async def make() -> UUID:
        async with await psycopg.AsyncConnection.connect(place.database_url, autocommit=True) as connection:
            name, now = str(uuid4()), datetime.now(UTC)
            await partner.add(connection, name, ["emergency-aid"], [Scope.CHANGES], [], 100, now)
            return await webhook.add(connection, name, url, events, now)

    return asyncio.run(make())


def told(place: Place, *identifiers: UUID, clock: Clock | None = None, timeout_s: float = 10.0, loopback=True) -> None:
    async def run() -> None:
        pool = make_pool(place.settings)
        await pool.open(wait=True)
        try:
            at = Clock() if clock is None else clock
            teller = Teller(pool, KEY, loopback, at, lambda: 0.5, timeout_s)
            await asyncio.gather(*(tell(teller, identifier, 30) for identifier in identifiers))
        finally:
            await pool.close()

    asyncio.run(run())


def found(place: Place, identifier: UUID) -> webhook.Webhook:
    async def read() -> webhook.Webhook | None:
        async with await psycopg.AsyncConnection.connect(place.database_url, autocommit=True) as connection:
            return await webhook.read(connection, identifier)

    row = asyncio.run(read())
    assert row is not None
    return row


def test_every_change_is_told_once_in_order_signed_and_without_anything_personal(place, receiver):
    before = place.rows("SELECT coalesce(max(id), 0) FROM traitement")[0][0]
    identifier = subscribed(place, receiver.url)
    (receipt,) = place.accepted(1)
    told(place, identifier)
    told(place, identifier)
    lines = [row[0] for row in place.rows("SELECT id FROM traitement WHERE id > %s ORDER BY id", before)]
    assert receiver.changes() == lines
    library = Webhook(signature.secret(KEY, identifier, 1))
    for headers, body in receiver.got:
        assert set(library.verify(body, headers)["data"]) == {"change", "dossier", "procedure", "state"}
        for personal in (receipt, "Boulangerie", "73282932000074", "5000"):
            assert personal.encode() not in body
    assert [json.loads(body)["type"] for _, body in receiver.got] == [
        "dossier.filed",
        "dossier.taken",
        "dossier.decided",
    ]


def test_a_body_that_was_tampered_with_and_another_secret_are_refused_by_the_library(place, receiver):
    identifier = subscribed(place, receiver.url)
    place.stage.filed(place.people[0])
    told(place, identifier)
    headers, body = receiver.got[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(signature.secret(KEY, identifier, 1)).verify(body.replace(b"filed", b"taken"), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(signature.secret(KEY, uuid4(), 1)).verify(body, headers)
    old = headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 60)}
    with pytest.raises(WebhookVerificationError):
        Webhook(signature.secret(KEY, identifier, 1)).verify(body, old)


def test_only_what_was_asked_for_is_told(place, receiver):
    identifier = subscribed(place, receiver.url, events=[Event.DECIDED])
    place.accepted(1)
    told(place, identifier)
    assert [json.loads(body)["type"] for _, body in receiver.got] == ["dossier.decided"]
    assert found(place, identifier).told == place.rows("SELECT max(id) FROM traitement")[0][0]


def test_a_secret_is_changed_without_a_gap(place, receiver):
    identifier, clock = subscribed(place, receiver.url), Clock()

    async def rotate() -> None:
        async with await psycopg.AsyncConnection.connect(place.database_url, autocommit=True) as connection:
            await webhook.rotate(connection, identifier, clock())

    asyncio.run(rotate())
    place.stage.filed(place.people[0])
    told(place, identifier)
    headers, body = receiver.got[-1]
    for generation in (1, 2):
        Webhook(signature.secret(KEY, identifier, generation)).verify(body, headers)
    clock.pass_by(hours=25)
    place.stage.filed(place.people[0])
    told(place, identifier, clock=clock)
    signed = receiver.got[-1][0]["webhook-signature"]
    assert len(signed.split(" ")) == 1, "the one before is over after a day"
    assert len(headers["webhook-signature"].split(" ")) == 2


def test_what_fails_comes_again_with_the_same_identifier_and_nothing_is_passed_over(place, receiver):
    identifier, clock = subscribed(place, receiver.url), Clock()
    receiver.answer = lambda n: 500 if n == 1 else 204
    place.accepted(1)
    told(place, identifier, clock=clock)
    assert len(receiver.got) == 1
    told(place, identifier, clock=clock)
    assert len(receiver.got) == 1, "not before the delay is over"
    clock.pass_by(minutes=1)
    told(place, identifier, clock=clock)
    assert len(receiver.got) == 4
    names = [headers["webhook-id"] for headers, _ in receiver.got]
    assert names[0] == names[1]
    assert len(set(names)) == 3
    assert found(place, identifier).problem is None


def test_after_a_day_of_failures_it_is_disabled_and_that_is_said(place, receiver):
    identifier, clock = subscribed(place, receiver.url), Clock()
    receiver.answer = lambda _: 500
    place.stage.filed(place.people[0])
    for _ in range(40):
        told(place, identifier, clock=clock)
        row = found(place, identifier)
        if row.disabled_at is not None:
            break
        clock.ahead += row.next_at - clock() + timedelta(seconds=1)
    assert row.disabled_at is not None
    assert row.failing_since is not None
    assert timedelta(hours=24) <= row.disabled_at - row.failing_since < timedelta(hours=28)
    assert row.problem == "answered 500"
    assert len(receiver.got) < 25, "the delay grows"
    told(place, identifier, clock=clock)
    assert row == found(place, identifier)


def test_who_says_gone_is_told_nothing_more(place, receiver):
    identifier = subscribed(place, receiver.url)
    receiver.answer = lambda _: 410
    place.stage.filed(place.people[0])
    told(place, identifier)
    assert found(place, identifier).disabled_at is not None


def test_one_who_does_not_answer_holds_no_other_up_and_is_given_up_in_time(place, receiver):
    with receiving() as dead:
        dead.silent = threading.Event()
        first, second = subscribed(place, dead.url), subscribed(place, receiver.url)
        place.stage.filed(place.people[0])
        told(place, first, second, timeout_s=1.0)
        assert found(place, first).problem == "no answer in time"
        assert len(receiver.got) == 1


def test_no_redirect_is_followed(place, receiver):
    with receiving() as other:
        identifier = subscribed(place, receiver.url)
        receiver.answer, receiver.redirect = lambda _: 307, other.url
        place.stage.filed(place.people[0])
        told(place, identifier)
        assert other.got == []
        assert found(place, identifier).problem == "answered 307"


def test_a_name_that_leads_inside_is_refused_when_it_is_connected_to(place, receiver):
    identifier = subscribed(place, receiver.url.replace("127.0.0.1", "localhost").replace("http:", "https:"))
    place.stage.filed(place.people[0])
    told(place, identifier, loopback=False)
    assert receiver.got == []
    assert "public" in (found(place, identifier).problem or "")
    reached = subscribed(place, receiver.url.replace("127.0.0.1", "localhost"))
    place.stage.filed(place.people[0])
    told(place, reached, loopback=True)
    assert len(receiver.got) == 1, "the control: without the guard it is reached"


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.1",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_no_address_inside_is_allowed(address):
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(PartnerError):
        asyncio.run(destination.resolved(f"https://{host}/hook", loopback=False))


def test_the_address_that_was_checked_is_the_one_that_is_used(monkeypatch):
    answers = iter([("93.184.216.34", 443), ("10.0.0.1", 443)])

    def rebinding(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", next(answers))]

    monkeypatch.setattr(
        socket, "getaddrinfo", rebinding
    )  # a name server that changes its mind after the first question
    to = asyncio.run(destination.resolved("https://partner.example/hook?a=1", loopback=False))
    assert to.url == "https://93.184.216.34:443/hook?a=1"
    assert (to.host, to.authority) == ("partner.example", "partner.example")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://name:word@example.org/",
        "ftp://example.org/",
        "https://",
        "https://example.org:99999/",
        "https://exa mple.org/",
        "https://example.org/#part",
    ],
)
def test_an_address_that_is_none_is_refused_when_it_is_given(url):
    with pytest.raises(PartnerError):
        destination.checked(url, loopback=False)


def test_the_workers_tell_all_that_are_due(place, receiver, work):
    identifier = subscribed(place, receiver.url)
    place.stage.filed(place.people[0])
    settings = place.settings.model_copy(update={"webhook_key": SecretStr(KEY), "webhook_loopback": True})
    parts = replace(place.stage.app.state.parts, settings=settings)

    async def look() -> None:
        async with await psycopg.AsyncConnection.connect(place.database_url, autocommit=True) as connection:
            await stage(connection, "partners:look", {"timestamp": 0}, queue=Queue.MINUTES)

    asyncio.run(look())
    asyncio.run(work(SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(parts=parts)))))
    assert len(receiver.got) == 1
    Webhook(signature.secret(KEY, identifier, 1)).verify(receiver.got[0][1], receiver.got[0][0])
