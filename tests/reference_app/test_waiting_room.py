"""The waiting room on the pages and the API of running services, over one database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from reference_app import migration
from reference_app.appointments.days import day_of
from reference_app.waiting_room import door
from reference_app.waiting_room import ticket as tickets
from reference_app.waiting_room.line import SETTLED_S, Line, Ticket
from reference_app.waiting_room.room import LASTS, Room

PROCEDURE = "masks"
PAGE = f"/salle-attente/{PROCEDURE}"
ONWARD = f"/procedures/{PROCEDURE}"


@pytest.fixture(scope="module")
def rush(postgres, staged) -> Iterator[tuple[Any, Any, str]]:
    """Two services over one database, with slots, and waiting rooms allowed."""
    name = f"rush{uuid4().hex}"
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        url = postgres.dsn(name)
        migration.upgrade(url)
        with ExitStack() as stack:
            patched = stack.enter_context(pytest.MonkeyPatch.context())
            patched.setattr(door, "LOOK_S", 0.2)
            patched.setattr(door, "EVERY_S", 0.5)
            one, other = (stack.enter_context(staged(DATABASE_URL=url, waiting_room=True)) for _ in range(2))
            yield one, other, url
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def agent(rush) -> Iterator[httpx.Client]:
    client = rush[0].signed_in("agent")
    yield client
    send(client, f"/agent{PAGE}/close")
    until(lambda: not any(stage.app.state.parts.door.lines for stage in rush[:2]))


@pytest.fixture
def slot(rush) -> str:
    with psycopg.connect(rush[2], autocommit=True) as connection:
        row = connection.execute(
            """WITH l AS (INSERT INTO lieu (name, address) VALUES (%s, 'x') RETURNING id)
               INSERT INTO creneau (procedure, lieu_id, starts_at, minutes, capacity)
               SELECT 'masks', id, now() + interval '2 days', 10, 200 FROM l RETURNING id""",
            (uuid4().hex,),
        ).fetchone()
    assert row is not None
    return str(row[0])


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def send(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    return client.post(path, data={"token": token_of(client.get("/agent/salle-attente").text), **fields})


def token_of(shown: str) -> str:
    return shown.split('name="token" value="')[1].split('"')[0]


def open_room(rush, agent: httpx.Client, in_s: float, per_minute: int = 6000, minutes: int = 10) -> float:
    """A room that opens so many seconds from now, known to both services; when it opens."""
    day, hour = day_of(datetime.now(UTC)).isoformat(), "00:00"
    rule = {"day": day, "at": hour, "per_minute": str(per_minute), "minutes": str(minutes)}
    assert send(agent, f"/agent{PAGE}", **rule).status_code == 200
    with psycopg.connect(rush[2], autocommit=True) as connection:  # the form knows minutes, a test waits for seconds
        row = connection.execute(
            """UPDATE waiting_room SET id = uuidv7(), opens_at = date_trunc('second', now() + %s)
               RETURNING id, extract(epoch FROM opens_at)::float8""",
            (timedelta(seconds=in_s),),
        ).fetchone()
    assert row is not None
    doors = [stage.app.state.parts.door for stage in rush[:2]]
    until(lambda: all(PROCEDURE in at.lines and at.lines[PROCEDURE].room.id == row[0] for at in doors))
    return float(row[1])


def booked(client: httpx.Client, slot: str, key: dict[str, str]) -> httpx.Response:
    return client.post("/api/v1/rendez-vous", json={"creneau": slot, "name": "Camille Martin"}, headers=key)


def test_without_a_room_everybody_goes_on_and_the_page_leads_there(rush):
    client = rush[0].signed_in("business")
    assert client.get(PAGE).url.path == ONWARD
    assert "Set-Cookie" not in client.get(ONWARD).headers or "line-" not in client.get(ONWARD).headers["Set-Cookie"]


def test_before_the_opening_nobody_books_and_the_page_looks_again_by_itself(rush, agent, slot, key):
    open_room(rush, agent, 3600)
    for stage in rush[:2]:
        person = stage.signed_in("business")
        assert booked(person, slot, key()).status_code == 503  # by the address of a slot, past the pages
        shown = person.get(ONWARD)
        assert shown.url.path == PAGE
        assert "People here so far" in shown.text
        assert 5 <= int(shown.headers["Refresh"]) <= 30
        assert "Refresh" not in person.get(f"{PAGE}?still=true").headers


def test_people_book_once_it_is_their_turn_and_not_before(rush, agent, slot, key):
    one, other, _ = rush
    people = [stage.signed_in("business") for stage in (one, other) for _ in range(3)]
    opens = open_room(rush, agent, 2)
    there = one.app.state.parts.door

    def books(person: httpx.Client) -> bool:
        answer = booked(person, slot, key())
        assert answer.status_code in (201, 503)
        return answer.status_code == 201

    came = [books(person) for person in people]
    assert not any(came)
    for person in people:
        until(lambda person=person: books(person))
        assert there.now() >= opens + SETTLED_S - 1
        assert person.get(PAGE).url.path == ONWARD


def test_a_form_sent_out_of_turn_loses_nothing(rush, agent, slot):
    client = rush[0].signed_in("business")
    shown = client.get(f"/creneaux/{slot}").text
    open_room(rush, agent, 3600)
    typed = {"creneau": slot, "name": "Zoé Lefèvre", "note": "Fauteuil", "key": str(uuid4())}
    refused = client.post(f"/creneaux/{slot}", data=typed | {"token": token_of(shown)})
    assert refused.status_code == 503
    assert "Zoé Lefèvre" in refused.text
    assert "Fauteuil" in refused.text
    assert PAGE in refused.text


def test_both_services_say_the_same_place(rush, agent):
    open_room(rush, agent, 0, per_minute=1)
    one, other, _ = rush
    people = [one.signed_in("business") for _ in range(4)]
    for person in people:
        person.get(PAGE)
    until(lambda: one.app.state.parts.door.lines[PROCEDURE].waiting() >= 3)
    settled = one.app.state.parts.door.now() + SETTLED_S + 2
    until(lambda: all(stage.app.state.parts.door.now() > settled for stage in (one, other)))
    places = []
    for person in people:
        there = other.browser()
        there.cookies.update(person.cookies)
        both = [client.get(f"/api/v1{ONWARD}/lieux").json() for client in (person, there)]
        assert both[0].get("place") == both[1].get("place")
        places.append(both[0].get("place"))
    assert len(set(places)) > 1


def test_another_browser_a_lost_ticket_and_reloading_gain_nothing(rush, agent):
    open_room(rush, agent, 0, per_minute=1)
    one = rush[0]
    name = f"business-{uuid4().hex}"
    person = one.signed_in("business", name)
    for _ in range(2):  # the first ones fill the line
        one.signed_in("business").get(PAGE)
    ticket = person.get(PAGE).request.headers.get("Cookie", ""), person.cookies[tickets.cookie_name(PROCEDURE)]
    again = [person.get(PAGE) for _ in range(3)]
    assert all("Set-Cookie" not in shown.headers or "line-" not in shown.headers["Set-Cookie"] for shown in again)
    assert person.cookies[tickets.cookie_name(PROCEDURE)] == ticket[1]
    settings = one.app.state.parts.settings
    first = read(settings, ticket[1])
    until(lambda: one.app.state.parts.door.now() > first.came + 1)
    elsewhere = one.signed_in("business", name)
    elsewhere.get(PAGE)
    later = read(settings, elsewhere.cookies[tickets.cookie_name(PROCEDURE)])
    assert later.account == first.account
    assert later.came > first.came


def read(settings: Any, text: str) -> Ticket:
    room, account, came = tickets._signer(settings).loads(text)
    return Ticket(UUID(room), UUID(account), came)


def test_a_ticket_of_somebody_else_or_of_ones_own_making_is_none(rush, agent):
    open_room(rush, agent, 0, per_minute=1)
    one = rush[0]
    giver, taker = one.signed_in("business"), one.signed_in("business")
    giver.get(PAGE)
    name = tickets.cookie_name(PROCEDURE)
    given = giver.cookies[name]
    for text in (given, given[:-2] + "xx", "e30.x", ""):
        taker.cookies.set(name, text, domain="127.0.0.1")
        shown = taker.get(PAGE)
        assert any(f"{name}=" in header for header in shown.headers.get_list("Set-Cookie")), text


def test_a_program_is_told_its_place_and_gets_a_ticket(rush, agent):
    open_room(rush, agent, 0, per_minute=1)
    client = rush[0].signed_in("business", language="fr")
    refused = client.get(f"/api/v1{ONWARD}/lieux")
    said = refused.json()
    assert (refused.status_code, said["type"], said["title"]) == (
        503,
        "/problems/waiting-room",
        "Attendez votre tour, s’il vous plaît",
    )
    assert said["place"] >= 1
    assert 5 <= int(refused.headers["Retry-After"]) <= 30
    assert tickets.cookie_name(PROCEDURE) in client.cookies
    stranger = rush[0].browser().get(f"/api/v1{ONWARD}/lieux")
    assert (stranger.status_code, "place" in stranger.json()) == (503, False)
    assert "Sign in" in stranger.json()["detail"]


def test_agents_pass_and_may_look_as_others_do(rush, agent):
    open_room(rush, agent, 3600)
    assert agent.get(ONWARD).url.path == ONWARD
    assert "People waiting, about" in agent.get("/agent/salle-attente").text


@pytest.mark.parametrize(
    ("name", "value"), [("per_minute", "0"), ("minutes", "61"), ("at", "soon"), ("day", ""), ("day", "2001-01-01")]
)
def test_a_wrong_rule_is_said_beside_its_field_and_keeps_what_was_typed(rush, agent, name, value):
    rule = {"day": "2099-12-01", "at": "09:00", "per_minute": "77", "minutes": "12"} | {name: value}
    refused = send(agent, f"/agent{PAGE}", **rule)
    assert refused.status_code == 422
    assert f'id="{name}-error"' in refused.text
    assert 'value="77"' in refused.text or name == "per_minute"


def test_a_room_that_nobody_closed_is_over_by_itself(rush, agent):
    open_room(rush, agent, 3600)
    with psycopg.connect(rush[2], autocommit=True) as connection:
        connection.execute("UPDATE waiting_room SET opens_at = now() - %s", (LASTS,))
    until(lambda: not rush[0].app.state.parts.door.lines)
    assert rush[0].browser().get(ONWARD).url.path == ONWARD


def test_a_second_turn_is_counted_and_a_second_ticket_for_the_same_turn_is_not():
    room = Room(id=uuid4(), procedure="masks", seed=uuid4(), opens_at=0, per_minute=60, minutes=10, now=0, free=True)
    there, line, account = door.Door(None, lambda: 5.0), Line(room), uuid4()
    for again, counted in ((False, 1), (False, 1), (True, 2)):
        there.arrive(line, account, again=again)
        assert there._pending.total() == counted


def test_waiting_rooms_that_are_off_cost_nothing_and_say_so(stage):
    assert "off on this service" in stage.signed_in("agent").get("/agent/salle-attente").text
    assert not stage.app.state.parts.door.lines


def test_those_who_come_while_others_are_told_of_are_counted_once(rush, agent):
    """The agent's page looks at the line too, in the middle of the worker's own round."""
    open_room(rush, agent, 3600)
    one = rush[0]
    people = [one.signed_in("business") for _ in range(3)]
    with ThreadPoolExecutor(4) as threads:
        looks = [threads.submit(agent.get, "/agent/salle-attente") for _ in range(12)]
        for person in people:
            person.get(PAGE)
        for look in looks:
            assert look.result().status_code == 200
    until(lambda: one.app.state.parts.door.lines[PROCEDURE].waiting() >= 3)
    agent.get("/agent/salle-attente")
    with psycopg.connect(rush[2]) as connection:
        assert connection.execute("SELECT sum(arrivals) FROM waiting_arrivals").fetchone() == (3,)
