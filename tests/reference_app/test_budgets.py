"""Time budgets and full workers: what is refused first, in whose language, and what is left behind."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import psycopg
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from reference_app.budgets import BOOKING, FILING, LOOKING, READING, Budget, budget
from reference_app.protection import Deadline
from reference_app.shedding import Shedding

ID = "01a203c4-4d97-7715-9609-df44c1d266fd"


def scope(method: str, path: str) -> Scope:
    return {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/procedures/masks", LOOKING),
        ("GET", f"/api/v1/procedures/masks/lieux/{ID}/creneaux", LOOKING),
        ("GET", "/dossiers", READING),
        ("GET", f"/api/v1/agent/dossiers/{ID}", READING),
        ("POST", "/api/v1/rendez-vous", BOOKING),
        ("POST", f"/creneaux/{ID}", BOOKING),
        ("PUT", f"/api/v1/rendez-vous/{ID}/creneau", BOOKING),
        ("POST", f"/dossiers/{ID}/file", FILING),
        ("POST", f"/api/v1/agent/mandats/{ID}/dossiers/{ID}/file", FILING),
        ("GET", "/sign-in/business/callback", None),
        ("POST", "/api/v1/procedures/emergency-aid/dossiers", None),
    ],
)
def test_each_kind_of_request_has_its_budget(method, path, found):
    assert budget(scope(method, path)) == found


def test_the_addresses_that_are_filed_and_booked_at_are_in_the_table(stage):
    """A route that is renamed does not lose its budget unseen."""
    routes = {
        (method, path.format_map(_Any())) for path, said in _paths(stage).items() for method in said if method != "get"
    }
    important = {(m.upper(), p) for m, p in routes if p.endswith("/file") or ("rendez-vous" in p and "agent" not in p)}
    assert len(important) >= 5
    assert {p for m, p in important if budget(scope(m, p)) is None} == set()


class _Any(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ID


def _paths(stage: Any) -> dict[str, dict[str, Any]]:
    paths = stage.browser().get("/openapi.json").json()["paths"]
    assert isinstance(paths, dict)
    return paths


async def answers(places: int, requests: list[tuple[str, str]], *, shed: bool = True) -> tuple[list[int], int]:
    """What each of some requests that all stay within gets, in their order, and how many were within at most."""
    within, most, leave = 0, 0, asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal within, most
        within += 1
        most = max(most, within)
        await leave.wait()
        within -= 1
        await PlainTextResponse("done")(scope, receive, send)

    def refuse(_: Scope) -> PlainTextResponse:
        return PlainTextResponse("busy", 503)

    door = Shedding(app, places=places, apart=lambda s: s["path"].startswith("/apart"), refuse=refuse) if shed else app
    statuses: list[int] = []

    async def ask(method: str, path: str) -> int:
        got: list[int] = []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                got.append(message["status"])

        await door(scope(method, path), _never, send)
        return got[0]

    tasks = [asyncio.create_task(ask(*request)) for request in requests]
    for _ in range(3):
        await asyncio.sleep(0)
    leave.set()
    statuses = await asyncio.gather(*tasks)
    return [*statuses], most


async def _never() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


LOOK, READ, FILE = ("GET", "/procedures/masks"), ("GET", "/dossiers"), ("POST", f"/dossiers/{ID}/file")


def test_a_worker_that_fills_refuses_looking_first_then_reading_and_filing_last():
    statuses, most = asyncio.run(answers(8, [LOOK] * 4 + [READ] * 4 + [FILE] * 6))
    assert statuses[:4] == [200, 200, 503, 503]
    assert statuses[4:8] == [200, 200, 503, 503]
    assert statuses[8:] == [200] * 4 + [503] * 2
    assert most == 8


def test_without_the_bound_they_pile_up():
    """The control: the same requests past the middleware."""
    statuses, most = asyncio.run(answers(8, [LOOK] * 4 + [READ] * 4 + [FILE] * 6, shed=False))
    assert (set(statuses), most) == ({200}, 14)


def test_places_are_given_back_and_files_are_counted_apart():
    statuses, _ = asyncio.run(answers(1, [("POST", "/apart")] * 3 + [FILE]))
    assert statuses == [200] * 4
    assert asyncio.run(answers(1, [FILE]))[0] == [200]


def test_a_full_worker_answers_a_page_in_the_readers_language_and_then_goes_on(staged):
    with staged(places=1) as stage:
        client = stage.browser("fr")
        shedding = stage.app.middleware_stack
        while not isinstance(shedding, Shedding):
            shedding = shedding.app
        shedding.within += 1
        page, api = client.get("/dossiers"), client.get("/api/v1/dossiers")
        shedding.within -= 1
        assert (page.status_code, api.status_code) == (503, 503)
        assert page.headers["retry-after"] == api.headers["retry-after"]
        assert '<html lang="fr">' in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert api.json()["type"] == "/problems/unavailable"
        assert client.get("/").status_code == 200


def test_what_a_full_worker_says_tells_nobody_of_another(staged):
    with staged(places=1) as stage:
        first, english = stage.signed_in("business", language="fr"), stage.browser("en")
        shedding = stage.app.middleware_stack
        while not isinstance(shedding, Shedding):
            shedding = shedding.app
        shedding.within += 1
        said = [first.get(f"/dossiers/{ID}?lang=fr"), stage.browser("fr").get("/dossiers"), english.get("/dossiers")]
        shedding.within -= 1
        assert said[0].text == said[1].text
        assert ID not in said[0].text
        assert '<html lang="en">' in said[2].text


def test_a_request_out_of_time_is_answered_in_french_and_its_statement_is_cancelled(staged, database_url, monkeypatch):
    slow = Budget(0.3, 1.0)
    monkeypatch.setattr("reference_app.protection.budget", lambda s: slow if s["path"] == "/dossiers" else None)
    with staged(statement_timeout_ms=60_000) as stage:
        client = stage.signed_in("business", language="fr")

        async def forever(connection: Any, *_: object) -> list[object]:
            await connection.execute("SELECT pg_sleep(300)")
            return []

        monkeypatch.setattr("reference_app.dossiers.repository.list_of_account", forever)
        late = client.get("/dossiers")
        assert late.status_code == 503
        assert '<html lang="fr">' in late.text
        assert "Réessayez" in late.text
        with psycopg.connect(database_url, autocommit=True) as connection:
            deadline = time.monotonic() + 60
            query = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(300)%' AND state = 'active'"
            while connection.execute(query).fetchone() is not None:
                assert time.monotonic() < deadline, "the statement goes on without its request"
                time.sleep(0.05)


def test_a_budget_never_gives_more_time_than_the_setting():
    async def took(seconds: float) -> bool:
        async def app(*_: object) -> None:
            await asyncio.Event().wait()

        async def busy(_: object) -> PlainTextResponse:
            return PlainTextResponse("busy", 503)

        answered: list[Any] = []
        deadline = Deadline(app, seconds=seconds, allowances=lambda _: None, refuse=busy)

        async def send(message: Any) -> None:
            answered.append(message)

        async with asyncio.timeout(BOOKING.seconds - 0.5):
            await deadline(scope("POST", "/api/v1/rendez-vous"), _never, send)
        return bool(answered)

    assert asyncio.run(took(0.05))
