"""The counter: an agent acts for a person who is present, within a mandate; the same dossier goes on online."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

MANDATES = "/api/v1/agent/mandats"
OPENING = {"person": "Jeanne Petit", "procedure": "emergency-aid", "hours": 2}


@pytest.fixture(scope="module")
def agent(stage):
    return stage.signed_in("agent")


@pytest.fixture(scope="module")
def business(stage):
    return stage.signed_in("business")


def opened(agent, **changed) -> str:
    return agent.post(MANDATES, json=OPENING | changed).raise_for_status().json()["id"]


def begun(agent, mandate, draft, key) -> str:
    path = f"{MANDATES}/{mandate}/emergency-aid/dossiers"
    return agent.post(path, json=draft, headers=key()).raise_for_status().json()["id"]


def code_of(client, path: str) -> str:
    return client.post(f"{path}/code").raise_for_status().json()["code"]


def test_a_dossier_filed_at_the_counter_is_found_online_with_its_receipt(stage, agent, draft, key):
    mandate = opened(agent)
    dossier = begun(agent, mandate, draft, key)
    here = f"{MANDATES}/{mandate}/dossiers/{dossier}"
    filed = agent.post(f"{here}/file", headers=key()).raise_for_status().json()
    code = code_of(agent, here)
    person = stage.signed_in("business")
    assert person.get(f"/api/v1/dossiers/{dossier}").status_code == 404
    found = person.post("/api/v1/dossiers/claim", json={"code": code.lower().replace("-", " ")}).raise_for_status()
    assert (found.json()["id"], found.json()["receipt"]) == (dossier, filed["receipt"])
    assert person.get(f"/api/v1/dossiers/{dossier}").status_code == 200
    assert person.post("/api/v1/dossiers/claim", json={"code": code}).status_code == 422  # it works once
    assert agent.get(f"{MANDATES}/{mandate}/dossiers").json() == []  # theirs now, and the mandate was not for it


def test_the_history_says_that_the_agent_filed(agent, draft, key, database_url):
    mandate = opened(agent)
    dossier = begun(agent, mandate, draft, key)
    agent.post(f"{MANDATES}/{mandate}/dossiers/{dossier}/file", headers=key()).raise_for_status()
    with psycopg.connect(database_url) as connection:
        by = connection.execute(
            "SELECT a.provider FROM traitement t JOIN account a ON a.id = t.account_id WHERE t.dossier_id = %s",
            [dossier],
        ).fetchall()
    assert by == [("agent",)]


def test_a_dossier_begun_online_goes_on_at_the_counter_and_stays_the_persons(agent, business, draft, key):
    mine = business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
    other = business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
    code = code_of(business, f"/api/v1/dossiers/{mine}")
    body = {"person": "Jeanne Petit", "code": code}
    mandate = agent.post(f"{MANDATES}/continue", json=body).raise_for_status().json()["id"]
    assert agent.post(f"{MANDATES}/continue", json=body).status_code == 422
    assert [one["id"] for one in agent.get(f"{MANDATES}/{mandate}/dossiers").json()] == [mine]
    put = f"{MANDATES}/{mandate}/emergency-aid/dossiers"
    assert agent.put(f"{put}/{mine}", json=draft | {"amount": 42}).status_code == 200
    assert business.get(f"/api/v1/dossiers/{mine}").json()["answers"]["amount"] == 42
    # One dossier is all that was agreed: not another of the same person, not a new one.
    assert agent.put(f"{put}/{other}", json=draft).status_code == 404
    assert agent.post(f"{MANDATES}/{mandate}/dossiers/{other}/file", headers=key()).status_code == 404
    assert agent.post(put, json=draft, headers=key()).status_code == 404
    assert agent.post(f"{MANDATES}/{mandate}/dossiers/{mine}/file", headers=key()).status_code == 200
    assert business.get(f"/api/v1/dossiers/{mine}").json()["state"] == "en_construction"


def test_another_agent_and_a_mandate_that_ended_open_nothing(stage, agent, draft, key, database_url):
    mandate = opened(agent)
    dossier = begun(agent, mandate, draft, key)
    paths = [
        ("get", f"{MANDATES}/{mandate}/dossiers"),
        ("put", f"{MANDATES}/{mandate}/emergency-aid/dossiers/{dossier}"),
        ("post", f"{MANDATES}/{mandate}/dossiers/{dossier}/file"),
        ("post", f"{MANDATES}/{mandate}/dossiers/{dossier}/code"),
    ]

    def statuses(client) -> set[int]:
        answers = [client.request(m, p, headers=key(), **({"json": draft} if m == "put" else {})) for m, p in paths]
        return {answer.status_code for answer in answers}

    assert statuses(stage.signed_in("agent")) == {404}
    with psycopg.connect(database_url, autocommit=True) as connection:
        late = datetime.now(UTC) - timedelta(minutes=1)
        connection.execute(
            "UPDATE mandat SET opened_at = %s, ends_at = %s WHERE id = %s", [late - timedelta(hours=1), late, mandate]
        )
    assert statuses(agent) == {409}
    other = opened(agent)
    assert [agent.post(f"{MANDATES}/{other}/end").status_code for _ in range(2)] == [204, 204]
    assert agent.get(f"{MANDATES}/{other}/dossiers").status_code == 409


def test_a_code_is_nobody_elses_way_in(stage, agent, business, draft, key, database_url):
    mine = business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
    first, second = (code_of(business, f"/api/v1/dossiers/{mine}") for _ in range(2))
    stranger = stage.signed_in("business")
    for code in (first, second, "AAAAA-AAAAA", "x"):  # replaced; of another account; never given; no code
        assert stranger.post("/api/v1/dossiers/claim", json={"code": code}).status_code == 422
    assert stranger.get(f"/api/v1/dossiers/{mine}").status_code == 404
    assert stranger.post(f"/api/v1/dossiers/{mine}/code").status_code == 404
    with psycopg.connect(database_url, autocommit=True) as connection:
        kept = connection.execute("SELECT digest FROM counter_code WHERE dossier_id = %s", [mine]).fetchall()
        assert len(kept) == 1
        assert second.replace("-", "").encode() not in kept[0][0]
        connection.execute("UPDATE counter_code SET expires_at = now() WHERE dossier_id = %s", [mine])
    assert agent.post(f"{MANDATES}/continue", json={"person": "X", "code": second}).status_code == 422


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"person": " "}, "person"),
        ({"procedure": "masks"}, "procedure"),
        ({"hours": 9}, "hours"),
        ({"hours": 0}, "hours"),
    ],
)
def test_what_is_not_agreed_is_refused_beside_its_field(agent, wrong, field):
    answer = agent.post(MANDATES, json=OPENING | wrong)
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {f"#/{field}"}


def hidden(page) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def test_the_whole_counter_works_with_forms_alone(stage, agent, draft):
    counter = agent.get("/agent/mandats")
    wrong = agent.post("/agent/mandats/continue", data=hidden(counter) | {"person": "Jeanne", "code": "nope"})
    assert (wrong.status_code, 'id="code-error"' in wrong.text, "nope" in wrong.text) == (422, True, True)
    mandate = agent.post("/agent/mandats", data=hidden(counter) | {"person": "Jeanne", "procedure": "emergency-aid"})
    assert "You act for this person until" in mandate.text
    form = agent.get(f"{mandate.url.path}/new")
    answers = {name: str(value) for name, value in draft.items()}
    bad = agent.post(f"{mandate.url.path}/new", data=hidden(form) | answers | {"siret": "12"})
    assert (bad.status_code, 'id="siret-error"' in bad.text) == (422, True)
    kept = agent.post(f"{mandate.url.path}/new", data=hidden(form) | answers | {"need": ""})
    missing = agent.post(f"{kept.url.path}/file", data=hidden(kept))
    assert (missing.status_code, 'id="need-error"' in missing.text) == (422, True)
    full = agent.post(f"{kept.url.path}/edit", data=hidden(missing) | answers)
    filed = agent.post(f"{kept.url.path}/file", data=hidden(full))
    assert "AUE-" in filed.text
    code = re.search(r'class="code">([A-Z0-9-]+)<', agent.post(f"{kept.url.path}/code", data=hidden(filed)).text)[1]
    person = stage.signed_in("business")
    claim = person.get("/dossiers/claim")
    assert person.post("/dossiers/claim", data=hidden(claim) | {"code": "nope"}).status_code == 422
    assert "AUE-" in person.post("/dossiers/claim", data=hidden(claim) | {"code": code}).text
    assert "You have opened no mandate" in stage.signed_in("agent").get("/agent/mandats").text
    ended = agent.post(f"{mandate.url.path}/end", data=hidden(mandate))
    assert "ended" in ended.text
    assert "This mandate has ended" in agent.get(mandate.url.path).text
