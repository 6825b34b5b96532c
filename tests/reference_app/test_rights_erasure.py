"""A person has deleted what may go: it is nowhere any more; what the law wants kept stays, and still adds up."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
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


MANDATES = "/api/v1/agent/mandats"


def journalled(database_url: str, mandate: str) -> list[str]:
    query = (
        "SELECT payload::jsonb ->> 'did' FROM journal WHERE payload::jsonb -> 'about' ->> 'mandat' = %s ORDER BY rank"
    )
    with psycopg.connect(database_url) as connection:
        return [row[0] for row in connection.execute(query, [mandate])]


def test_who_is_known_at_the_counter_only_asks_there_and_it_is_written_down(stage, draft, key, database_url):
    agent, name, mark = stage.signed_in("agent"), f"Jeanne {uuid4().hex}", f"marked {uuid4().hex}"
    opening = {"person": name, "procedure": "emergency-aid", "hours": 1}
    mandate = agent.post(MANDATES, json=opening).raise_for_status().json()["id"]
    here = f"{MANDATES}/{mandate}"
    kept, gone = (
        agent.post(f"{here}/emergency-aid/dossiers", json=draft | {"need": mark}, headers=key()).json()["id"]
        for _ in range(2)
    )
    agent.post(f"{here}/dossiers/{kept}/file", headers=key()).raise_for_status()
    answer = agent.post(f"{here}/data/copy").raise_for_status()
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        held = json.loads(archive.read("data.json"))
    assert {one["id"] for one in held["dossiers"]} == {kept, gone}
    (filed,) = (one for one in held["dossiers"] if one["id"] == kept)
    assert [one["operation"].get("did") for one in filed["operation"]][-1] == "copy.handed_over"
    assert agent.post(f"{here}/data/erasure", json={"person": "Somebody else"}).status_code == 422
    done = agent.post(f"{here}/data/erasure", json={"person": name}).raise_for_status()
    assert done.json() == {"drafts": 1, "appointments": 0, "kept": 1, "account": False}
    assert [one["id"] for one in agent.get(f"{here}/dossiers").json()] == [kept]
    assert journalled(database_url, mandate) == ["copy.handed_over", "erasure.asked"]
    with psycopg.connect(database_url) as connection:
        query = "SELECT payload::jsonb ->> 'did' FROM operation WHERE dossier_id = %s ORDER BY rank"
        assert [row[0] for row in connection.execute(query, [kept])][-2:] == ["copy.handed_over", "erasure.asked"]
    assert problems(database_url) == []


def test_at_the_counter_nothing_goes_by_mistake_and_whoever_filed_nothing_is_forgotten(stage, draft, key, database_url):
    agent, mark = stage.signed_in("agent"), f"marked {uuid4().hex}"
    opening = {"person": "Jeanne Petit", "procedure": "emergency-aid", "hours": 1}
    mandate = agent.post(MANDATES, json=opening).raise_for_status().json()["id"]
    agent.post(f"{MANDATES}/{mandate}/emergency-aid/dossiers", json=draft | {"need": mark}, headers=key())
    data = f"/agent/mandats/{mandate}/data"
    page = agent.get(data)
    assert "Drafts that go at once: 1" in page.text
    token = {"token": re.search(r'name="token" value="([^"]+)"', page.text)[1]}
    unsaid = agent.post(f"{data}/delete", data=token)
    assert (unsaid.status_code, 'id="asked-error"' in unsaid.text) == (422, True)
    assert agent.post(f"{data}/copy", data=token).headers["content-type"] == "application/zip"
    assert stage.signed_in("agent").get(data).status_code == 404
    done = agent.post(f"{data}/delete", data=token | {"asked": "yes"})
    assert "the mandate has ended" in done.text
    assert agent.get(data).status_code == 409
    assert journalled(database_url, mandate) == ["copy.handed_over", "erasure.asked"]
    with psycopg.connect(database_url) as connection:
        assert tables_with(connection, mark) == []


def test_who_has_an_account_online_is_sent_there_from_the_counter(stage, draft, key):
    agent, client = stage.signed_in("agent"), stage.signed_in("business")
    code = client.post(f"/api/v1/dossiers/{started(client, draft, key)}/code").json()["code"]
    mandate = agent.post(f"{MANDATES}/continue", json={"person": "Jeanne Petit", "code": code}).json()["id"]
    for path, body in (("copy", None), ("erasure", {"person": "Jeanne Petit"})):
        refused = agent.post(f"{MANDATES}/{mandate}/data/{path}", json=body)
        assert (refused.status_code, "account online" in refused.json()["detail"]) == (409, True)
    assert f"/agent/mandats/{mandate}/data" not in agent.get(f"/agent/mandats/{mandate}").text
    assert len(client.get("/api/v1/dossiers").json()["items"]) == 1
