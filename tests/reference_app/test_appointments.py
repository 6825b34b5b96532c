"""Appointments over the API: what is free, one seat one person, moving, cancelling, the agent's day."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from reference_app.appointments.days import bounds, day_of, starts

DAY = day_of(datetime.now(UTC)) + timedelta(days=3)
LIEUX = "/api/v1/procedures/masks/lieux"
MINE = "/api/v1/rendez-vous"
AGENT = "/api/v1/agent/rendez-vous"


@pytest.fixture(scope="module")
def agent(stage):
    return stage.signed_in("agent")


@pytest.fixture
def opened(stage, agent) -> Callable[..., tuple[str, list[dict[str, Any]]]]:
    """Opens hourly slots at a new place."""

    def open_(capacity: int = 1, begin: str = "09:00", end: str = "12:00", day: date = DAY):
        place = agent.post("/api/v1/agent/lieux", json={"name": f"Salle {uuid4()}", "address": "1, rue Haute"})
        lieu = place.raise_for_status().json()["id"]
        wanted = {
            "procedure": "masks",
            "lieu": lieu,
            "day": day.isoformat(),
            "begin": begin,
            "end": end,
            "minutes": 60,
            "capacity": capacity,
        }
        agent.post("/api/v1/agent/creneaux", json=wanted).raise_for_status()
        return lieu, stage.browser().get(f"{LIEUX}/{lieu}/creneaux", params={"day": day.isoformat()}).json()

    return open_


@pytest.fixture
def back_in_time(database_url) -> Callable[[str, timedelta], None]:
    """Moves a slot, as if time had gone by."""

    def shift(slot: str, by: timedelta) -> None:
        with psycopg.connect(database_url) as connection:
            connection.execute("UPDATE creneau SET starts_at = now() + %s WHERE id = %s", (by, slot))

    return shift


def book(client, slot, key, **fields):
    return client.post(MINE, json={"creneau": slot["id"], "name": "Camille Martin"} | fields, headers=key())


def free(client, lieu, day=DAY):
    return [s["free"] for s in client.get(f"{LIEUX}/{lieu}/creneaux", params={"day": day.isoformat()}).json()]


def test_what_is_free_is_seen_without_signing_in(stage, opened):
    lieu, slots = opened(capacity=3)
    anybody = stage.browser()
    assert [s["free"] for s in slots] == [3, 3, 3]
    assert {"day": DAY.isoformat(), "free": 9} in anybody.get(f"{LIEUX}/{lieu}/jours").json()
    assert next(p for p in anybody.get(LIEUX).json() if p["id"] == lieu)["open"]


def test_a_booking_is_confirmed_counted_and_listed(stage, opened, agent, key):
    lieu, slots = opened(capacity=2)
    person = stage.signed_in("business")
    booked = book(person, slots[0], key, note=" Fauteuil ")
    assert booked.status_code == 201
    said = booked.json()
    assert (said["state"], said["note"], said["creneau"]) == ("unknown", "Fauteuil", slots[0]["id"])
    assert free(person, lieu) == [1, 2, 2]
    assert person.get(MINE).json() == [said]
    assert person.get(f"{MINE}/{said['id']}").json() == said
    listed = agent.get(AGENT, params={"procedure": "masks", "lieu": lieu, "day": DAY.isoformat()}).json()
    assert listed == {"items": [said], "next": None}


def test_the_same_key_books_once_and_another_body_is_refused(stage, opened, key):
    lieu, slots = opened(capacity=2)
    person, same = stage.signed_in("business"), key()
    answers = [book(person, slots[0], lambda: same) for _ in range(3)]
    assert [a.status_code for a in answers] == [201] * 3
    assert len({a.text for a in answers}) == 1
    assert answers[2].headers["idempotency-replayed"] == "true"
    assert book(person, slots[1], lambda: same).status_code == 422
    assert free(person, lieu) == [1, 2, 2]


def test_people_who_rush_at_a_slot_fill_it_exactly(stage, opened, key):
    lieu, slots = opened(capacity=3)
    crowd = [stage.signed_in("business") for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda person: book(person, slots[0], key), crowd))
    assert sorted(a.status_code for a in answers) == [201] * 3 + [409] * 5
    assert {a.json()["type"] for a in answers if a.status_code == 409} == {"/problems/slot-full"}
    assert free(crowd[0], lieu) == [0, 3, 3]


def test_one_person_who_books_everywhere_at_once_gets_one(stage, opened, key):
    lieu, slots = opened(capacity=5, end="17:00")
    person = stage.signed_in("business")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda slot: book(person, slot, key), slots))
    assert sorted(a.status_code for a in answers) == [201] + [409] * 7
    assert {a.json()["type"] for a in answers if a.status_code == 409} == {"/problems/already-booked"}
    assert sum(free(person, lieu)) == 5 * 8 - 1


def test_moving_frees_the_old_seat_once_the_new_one_is_taken(stage, opened, key):
    lieu, slots = opened()
    one, two = stage.signed_in("business"), stage.signed_in("business")
    mine = book(one, slots[0], key).json()
    book(two, slots[1], key).raise_for_status()
    path = f"{MINE}/{mine['id']}/creneau"
    assert one.put(path, json={"creneau": slots[1]["id"]}).json()["type"] == "/problems/slot-full"
    assert free(one, lieu) == [0, 0, 1]
    moved = [one.put(path, json={"creneau": slots[2]["id"]}) for _ in range(2)]
    assert [a.status_code for a in moved] == [200, 200]
    assert moved[0].json() == moved[1].json()
    assert free(one, lieu) == [1, 0, 0]
    assert two.put(path, json={"creneau": slots[0]["id"]}).status_code == 404


def test_people_who_swap_their_slots_over_and_over_never_wait_for_each_other_for_ever(stage, opened, key):
    lieu, slots = opened(capacity=2, end="11:00")
    people = [stage.signed_in("business") for _ in range(2)]
    mine = [book(p, s, key).json()["id"] for p, s in zip(people, slots, strict=True)]

    def swap(n: int) -> list[int]:
        paths = (slots[(n + turn + 1) % 2]["id"] for turn in range(12))
        return [people[n].put(f"{MINE}/{mine[n]}/creneau", json={"creneau": s}).status_code for s in paths]

    with ThreadPoolExecutor(2) as threads:
        assert [*threads.map(swap, range(2))] == [[200] * 12] * 2
    assert sum(free(people[0], lieu)) == 2


def test_cancelling_gives_the_seat_back_once(stage, opened, key):
    lieu, slots = opened()
    person, other = stage.signed_in("business"), stage.signed_in("business")
    mine = book(person, slots[0], key).json()
    assert other.post(f"{MINE}/{mine['id']}/cancel").status_code == 404
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: person.post(f"{MINE}/{mine['id']}/cancel"), range(4)))
    assert {(a.status_code, a.json()["state"]) for a in answers} == {(200, "excused")}
    assert free(person, lieu) == [1, 1, 1]
    assert person.put(f"{MINE}/{mine['id']}/creneau", json={"creneau": slots[1]["id"]}).status_code == 409
    assert book(other, slots[0], key).status_code == 201
    assert book(person, slots[1], key).status_code == 201


def test_what_has_begun_is_neither_booked_nor_moved_nor_cancelled(stage, opened, key, back_in_time):
    _, slots = opened()
    person = stage.signed_in("business")
    mine = book(person, slots[0], key).json()
    for slot in slots[:2]:
        back_in_time(slot["id"], -timedelta(minutes=10))
    assert book(stage.signed_in("business"), slots[1], key).status_code == 409
    assert person.put(f"{MINE}/{mine['id']}/creneau", json={"creneau": slots[2]["id"]}).status_code == 409
    assert person.post(f"{MINE}/{mine['id']}/cancel").status_code == 409


def test_what_is_too_far_ahead_is_not_booked_yet(stage, opened, key, back_in_time):
    lieu, slots = opened()
    back_in_time(slots[0]["id"], timedelta(days=40))
    assert free(stage.browser(), lieu) == [1, 1]
    assert book(stage.signed_in("business"), slots[0], key).status_code == 409


def test_an_agent_says_who_came_and_may_correct_it(stage, opened, agent, key, back_in_time):
    _, slots = opened()
    person = stage.signed_in("business")
    mine = book(person, slots[0], key).json()["id"]

    def mark(state):
        return agent.post(f"{AGENT}/{mine}/mark", json={"state": state})

    assert [mark("seen").status_code, mark("noshow").status_code] == [409, 409]  # three days ahead
    back_in_time(slots[0]["id"], -timedelta(seconds=30))
    for state in ("noshow", "seen", "seen"):
        assert mark(state).json()["state"] == state
    assert mark("revoked").status_code == 409
    assert person.get(f"{MINE}/{mine}").json()["state"] == "seen"


def test_what_the_service_calls_off_frees_the_seat(stage, opened, agent, key):
    lieu, slots = opened()
    person = stage.signed_in("business")
    mine = book(person, slots[0], key).json()["id"]
    for _ in range(2):
        assert agent.post(f"{AGENT}/{mine}/mark", json={"state": "revoked"}).json()["state"] == "revoked"
    assert free(person, lieu) == [1, 1, 1]
    assert person.post(f"{MINE}/{mine}/cancel").status_code == 409


def test_opening_the_same_slots_again_changes_nothing(stage, opened, agent, key):
    lieu, slots = opened(capacity=2)
    book(stage.signed_in("business"), slots[0], key).raise_for_status()
    wanted = {
        "procedure": "masks", "lieu": lieu, "day": DAY.isoformat(), "begin": "09:00", "end": "13:00",
        "minutes": 60, "capacity": 9,
    }  # fmt: skip
    assert agent.post("/api/v1/agent/creneaux", json=wanted).json() == {"opened": 1}
    assert free(agent, lieu) == [1, 2, 2, 9]


@pytest.mark.parametrize(
    "wrong",
    [
        {"end": "09:30"},
        {"minutes": 0},
        {"minutes": True},
        {"capacity": 201},
        {"capacity": "9" * 5000},
        {"day": "demain"},
        {"day": "9999-12-31"},
        {"day": "0001-01-01"},
        {"begin": "25:00"},
        {"lieu": "x"},
    ],
)
def test_slots_that_make_no_sense_are_refused(opened, agent, wrong):
    lieu, _ = opened()
    wanted = {
        "procedure": "masks", "lieu": lieu, "day": DAY.isoformat(), "begin": "09:00", "end": "10:00",
        "minutes": 60, "capacity": 1,
    }  # fmt: skip
    assert agent.post("/api/v1/agent/creneaux", json=wanted | wrong).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": " "}, {"name": "a\u0000"}, {"name": "x" * 10_000}, {"note": "x" * 501}, {"other": 1}],
)
def test_a_booking_with_a_wrong_field_is_refused(stage, opened, key, wrong):
    _, slots = opened()
    assert book(stage.signed_in("business"), slots[0], key, **wrong).status_code == 422


def test_what_does_not_exist_is_not_found(stage, agent, key):
    person, nothing = stage.signed_in("business"), str(uuid4())
    assert book(person, {"id": nothing}, key).status_code == 404
    assert person.get(f"{MINE}/{nothing}").status_code == 404
    assert person.get("/api/v1/procedures/emergency-aid/lieux").status_code == 404
    assert person.get("/api/v1/procedures/../lieux").status_code == 404
    assert agent.post(f"{AGENT}/{nothing}/mark", json={"state": "seen"}).status_code == 404


def test_each_role_keeps_to_its_side(stage, opened, agent, key):
    lieu, slots = opened()
    person = stage.signed_in("business")
    assert book(agent, slots[0], key).status_code == 403
    day = {"procedure": "masks", "lieu": lieu, "day": DAY.isoformat()}
    assert person.get(AGENT, params=day).status_code == 403
    assert person.post(f"{AGENT}/{uuid4()}/mark", json={"state": "seen"}).status_code == 403
    assert person.post("/api/v1/agent/lieux", json={"name": "a", "address": "b"}).status_code == 403
    assert book(stage.browser(), slots[0], key).status_code == 401


def test_a_day_has_the_hours_the_clocks_give_it():
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 22), 24)):
        first, following = bounds(day)
        assert following - first == timedelta(hours=hours)
        assert day_of(first) == day
    assert len(starts(date(2026, 11, 22), time(9), time(12), 45)) == 4
    assert starts(date(2026, 11, 22), time(12), time(9), 15) == []


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "x"])
def test_a_day_at_the_end_of_the_calendar_is_refused_not_a_failure(opened, agent, day):
    lieu, _ = opened()
    asked = {"procedure": "masks", "lieu": lieu, "day": day}
    assert agent.get(f"{LIEUX}/{lieu}/creneaux", params=asked).status_code == 422
    assert agent.get(AGENT, params=asked).status_code == 422
    assert agent.get("/agent/rendez-vous", params=asked).status_code == 200
