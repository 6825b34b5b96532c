"""A person has deleted what may go: it is nowhere any more; what the law wants kept stays, and still adds up."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import psycopg
import pytest
from everywhere import tables_with

from reference_app.appointments.seats import miscounted
from reference_app.database import connect
from reference_app.dossiers.operations import broken_chains
from reference_app.dossiers.states import State
from reference_app.rights import keeping


def started(client, draft, key):
    answer = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key())
    return answer.raise_for_status().json()["id"]


def me(client):
    return client.get("/api/v1/me").json()["account"]


def erased(client):
    return client.post("/api/v1/my-data/erasure", json={"account": me(client)})


def problems(database_url: str) -> list[str]:
    async def look() -> list[str]:
        async with connect(database_url) as connection:
            return [f"{what}" for check in (broken_chains, miscounted) async for what in check(connection)]

    return asyncio.run(look())


@pytest.fixture
def booked(stage, key):
    """Books an appointment in two days, under a name; gives the slot back."""

    def book(client, name):
        agent = stage.signed_in("agent")
        place = agent.post("/api/v1/agent/lieux", json={"name": f"Salle {uuid4()}", "address": "1, rue Haute"})
        day = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
        slots = {"procedure": "masks", "lieu": place.json()["id"], "day": day, "begin": "09:00", "end": "10:00"}
        agent.post("/api/v1/agent/creneaux", json=slots | {"minutes": 60, "capacity": 2}).raise_for_status()
        at = f"/api/v1/procedures/masks/lieux/{place.json()['id']}/creneaux"
        slot = client.get(at, params={"day": day}).json()[0]["id"]
        client.post("/api/v1/rendez-vous", json={"creneau": slot, "name": name}, headers=key()).raise_for_status()
        return slot

    return book


def test_whoever_filed_nothing_is_forgotten_whole(stage, draft, key, booked, database_url):
    name, mark = f"business-{uuid4().hex}", f"marked {uuid4().hex}"
    client = stage.signed_in("business", name)
    other_browser = stage.signed_in("business", name)
    account = me(client)
    started(client, draft | {"need": mark}, key)
    slot = booked(client, mark)
    with psycopg.connect(database_url) as connection:
        (subject,) = connection.execute("SELECT subject FROM account WHERE id = %s", [account]).fetchone()
        assert "dossier" in tables_with(connection, mark)
        assert "rendez_vous" in tables_with(connection, mark)
        assert tables_with(connection, subject) == ["account"]
    done = erased(client)
    assert done.json() == {"drafts": 1, "appointments": 1, "kept": 0, "account": True}
    with psycopg.connect(database_url) as connection:
        assert tables_with(connection, mark) == []
        assert tables_with(connection, subject) == []
        assert connection.execute("SELECT taken FROM creneau WHERE id = %s", [slot]).fetchone() == (0,)
    assert client.get("/api/v1/me").status_code == 401
    assert other_browser.get("/api/v1/me").status_code == 401
    assert problems(database_url) == []
    assert me(stage.signed_in("business", name)) != account


def test_what_was_filed_stays_readable_and_its_log_adds_up(stage, draft, key, database_url):
    client = stage.signed_in("business")
    filed = stage.filed(client)
    draft_id = started(client, draft, key)
    done = erased(client)
    assert done.json() == {"drafts": 1, "appointments": 0, "kept": 1, "account": False}
    assert client.get(f"/api/v1/dossiers/{draft_id}").status_code == 404
    assert client.get(f"/api/v1/dossiers/{filed['id']}").json()["receipt"] == filed["receipt"]
    assert erased(client).json() == {"drafts": 0, "appointments": 0, "kept": 1, "account": False}
    assert problems(database_url) == []


def test_nothing_is_deleted_by_mistake(stage, draft, key):
    client = stage.signed_in("business")
    dossier = started(client, draft, key)
    wrong = client.post("/api/v1/my-data/erasure", json={"account": str(uuid4())})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "#/account"
    assert client.post("/api/v1/my-data/erasure").status_code == 422
    assert client.post("/my-data/delete", data={"token": "another"}).status_code == 403
    assert client.get(f"/api/v1/dossiers/{dossier}").status_code == 200


@pytest.mark.parametrize(
    ("language", "goes", "stays"), [("en", "Drafts: 1", "until "), ("fr", "Brouillons", "jusqu’au ")]
)
def test_the_page_says_what_goes_and_what_stays_before_it_is_done(stage, draft, key, language, goes, stays):
    client = stage.signed_in("business", language=language)
    stage.filed(client)
    started(client, draft, key)
    asked = client.get("/my-data/delete")
    assert goes in asked.text
    assert stays in asked.text
    assert "Boulangerie du Port" in asked.text
    assert len(client.get("/api/v1/dossiers").json()["items"]) == 2
    token = re.search(r'name="token" value="([^"]+)"', asked.text)[1]
    assert client.post("/my-data/delete", data={"token": token}).status_code == 200
    assert len(client.get("/api/v1/dossiers").json()["items"]) == 1


def test_who_deletes_everything_sees_it_said_and_is_signed_out(stage):
    client = stage.signed_in("business")
    token = re.search(r'name="token" value="([^"]+)"', client.get("/my-data/delete").text)[1]
    answer = client.post("/my-data/delete", data={"token": token})
    assert "Your account is gone too" in answer.text
    assert "Sign in" in answer.text
    assert client.get("/dossiers").url.path == "/sign-in"


def test_the_page_of_my_data_says_until_when_and_why(stage, draft, key):
    client = stage.signed_in("business")
    filed = stage.filed(client)
    started(client, draft, key)
    page = client.get("/my-data").text
    assert "90 days after its last change" in page
    assert "article 5(1)(e) of the GDPR" in page
    year = int(filed["receipt"]["silence_on"][:4]) + 5
    assert str(year) in page, "silence decides, and five years go by"


def test_a_draft_and_a_decision_move_the_day():
    dossier = SimpleNamespace(
        procedure="emergency-aid",
        state=State.BROUILLON,
        updated_at=datetime(2026, 1, 31, 23, 30, tzinfo=UTC),  # the first of February in Paris
        decided_at=datetime(2026, 3, 31, 10, tzinfo=UTC),
        silence_on=None,
    )
    assert keeping.until(dossier).isoformat() == "2026-05-02"
    dossier.state = State.SANS_SUITE
    assert keeping.until(dossier).isoformat() == "2027-03-31"
    dossier.state = State.REFUSE
    assert keeping.until(dossier).isoformat() == "2031-03-31"


def test_the_page_of_a_draft_says_until_when_it_is_kept(stage, draft, key):
    client = stage.signed_in("business")
    begun = started(client, draft, key)
    last = keeping.until(
        SimpleNamespace(procedure="emergency-aid", state=State.BROUILLON, updated_at=datetime.now(UTC))
    )
    page = client.get(f"/dossiers/{begun}").text
    assert f"this one after {last.day} {last:%B} {last.year}" in page
    assert "unless you change it" not in client.get(f"/dossiers/{stage.filed(client)['id']}").text
