"""Drafts and filing over the API: once, complete, and nobody else's."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import uuid4

import psycopg
import pytest


@pytest.fixture(scope="module")
def business(stage):
    return stage.signed_in("business")


def start(client, draft, key, **changed):
    return (
        client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft | changed, headers=key())
        .raise_for_status()
        .json()
    )


def fields(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return {error["pointer"].removeprefix("#/") for error in answer.json()["errors"]}


def test_filing_gives_a_receipt_that_says_what_the_law_wants(business, draft, key):
    created = start(business, draft, key)
    assert (created["state"], created["receipt"]) == ("brouillon", None)
    filed = business.post(f"/api/v1/dossiers/{created['id']}/file", headers=key()).json()
    receipt = filed["receipt"]
    assert filed["state"] == "en_construction"
    assert re.fullmatch(r"AUE-\d{4}-\d{8}", receipt["number"])
    assert receipt["service"]
    assert receipt["contact"]
    assert receipt["silence"] == "rejects"
    assert date.fromisoformat(receipt["silence_on"]) > date.fromisoformat(receipt["filed_at"][:10])
    assert len(receipt["appeals"]) == 2
    assert business.get(f"/api/v1/dossiers/{created['id']}").json() == filed


def test_two_receipts_have_two_numbers(stage, business):
    assert stage.filed(business)["receipt"]["number"] != stage.filed(business)["receipt"]["number"]


def test_a_draft_may_be_incomplete_but_is_not_filed_so(business, key):
    created = business.post(
        "/api/v1/procedures/emergency-aid/dossiers", json={"siret": "732 829 320 00074"}, headers=key()
    ).json()
    assert created["answers"]["siret"] == "73282932000074"
    answer = business.post(f"/api/v1/dossiers/{created['id']}/file", headers=key())
    assert answer.status_code == 422
    assert fields(answer) == {"company_name", "contact_email", "activity", "need", "amount"}
    assert business.get(f"/api/v1/dossiers/{created['id']}").json()["state"] == "brouillon"


def test_the_key_of_a_refused_filing_may_be_used_again(business, draft, key):
    created = business.post("/api/v1/procedures/emergency-aid/dossiers", json={}, headers=key()).json()
    same = key()
    assert business.post(f"/api/v1/dossiers/{created['id']}/file", headers=same).status_code == 422
    business.put(f"/api/v1/procedures/emergency-aid/dossiers/{created['id']}", json=draft).raise_for_status()
    assert business.post(f"/api/v1/dossiers/{created['id']}/file", headers=same).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("siret", "73282932000075"),
        ("siret", "1" * 13),
        ("siret", "７３２８２９３２０００７４"),
        ("iban", "FR7630006000011234567890188"),
        ("contact_email", "nobody"),
        ("contact_email", "a@b\u0000.fr"),
        ("company_name", "x" * 10_000),
        ("company_name", "a\u0000b"),
        ("company_name", 12),
        ("need", "\u0007"),
        ("amount", 0),
        ("amount", 50_001),
        ("amount", 1.5),
        ("amount", 10**30),
        ("amount", "a lot"),
        ("state", "accepte"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_kept(business, draft, key, field, value):
    answer = business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft | {field: value}, headers=key())
    assert answer.status_code == 422
    assert fields(answer) == {field}


def test_a_lone_surrogate_is_refused(business, key):
    answer = business.post(
        "/api/v1/procedures/emergency-aid/dossiers",
        content=b'{"need": "\\ud800"}',
        headers={**key(), "Content-Type": "application/json"},
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["مخبز الميناء", "e\u0301cole", 'Łódź & <Cie> "l\'été"', "👩‍🌾 ferme", "x" * 200])
def test_names_of_all_kinds_come_back_as_they_were(business, draft, key, name):
    created = start(business, draft, key, company_name=name)
    assert created["answers"]["company_name"] == name.replace("e\u0301", "é")


def test_wrong_json_is_a_400_and_too_much_a_413(business, key):
    headers = {**key(), "Content-Type": "application/json"}
    assert business.post("/api/v1/procedures/emergency-aid/dossiers", content=b"{", headers=headers).status_code == 400
    big = business.post(
        "/api/v1/procedures/emergency-aid/dossiers", content=b'{"need": "' + b"x" * 100_000 + b'"}', headers=headers
    )
    assert big.status_code == 413
    assert big.headers["content-type"] == "application/problem+json"


def test_the_same_key_and_body_get_the_first_answer(business, draft, key):
    same = key()
    first = business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=same)
    again = business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=same)
    assert (again.status_code, again.text) == (201, first.text)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"


def test_the_same_key_with_another_body_or_route_is_refused(business, draft, key):
    same = key()
    created = business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=same).json()
    assert (
        business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft | {"amount": 1}, headers=same).status_code
        == 422
    )
    other = business.post(f"/api/v1/dossiers/{created['id']}/file", headers=same)
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"


def test_two_people_may_use_the_same_key(stage, business, draft, key):
    same = key()
    mine = business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=same).json()
    theirs = (
        stage.signed_in("business").post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=same).json()
    )
    assert mine["id"] != theirs["id"]


@pytest.mark.parametrize("wrong", ["", "a b", "x" * 256, "é"])
def test_a_key_of_another_form_is_refused(business, draft, wrong):
    answer = business.post(
        "/api/v1/procedures/emergency-aid/dossiers", json=draft, headers={"Idempotency-Key": wrong.encode()}
    )
    assert answer.status_code == 422


def test_a_key_is_required(business, draft):
    assert business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft).status_code == 422


def test_many_retries_at_once_file_once(stage, business, draft, key, database_url):
    created, same = start(business, draft, key), key()

    def retry(_):
        return business.post(f"/api/v1/dossiers/{created['id']}/file", headers=same)

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(retry, range(24)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    with psycopg.connect(database_url) as connection:
        count = connection.execute("SELECT count(*) FROM traitement WHERE dossier_id = %s", [created["id"]]).fetchone()
    assert count == (1,)


def test_filing_twice_with_two_keys_is_a_conflict(stage, business, key):
    filed = stage.filed(business)
    again = business.post(f"/api/v1/dossiers/{filed['id']}/file", headers=key())
    assert again.status_code == 409
    assert "Filed" in again.json()["detail"]


def test_a_filed_dossier_is_changed_until_an_agent_takes_it_and_keeps_its_receipt(stage, business, draft):
    filed = stage.filed(business)
    put = f"/api/v1/procedures/emergency-aid/dossiers/{filed['id']}"
    changed = business.put(put, json=draft | {"amount": 1}).raise_for_status().json()
    assert (changed["answers"]["amount"], changed["receipt"]) == (1, filed["receipt"])
    agent = stage.signed_in("agent")
    while agent.get(f"/api/v1/agent/dossiers/{filed['id']}").json()["state"] == "en_construction":
        agent.post("/api/v1/agent/dossiers/claim-next").raise_for_status()
    assert business.put(put, json=draft | {"amount": 2}).status_code == 409
    assert business.get(f"/api/v1/dossiers/{filed['id']}").json()["answers"]["amount"] == 1


def test_another_persons_dossier_is_not_found(stage, business, draft, key):
    theirs = start(stage.signed_in("business"), draft, key)["id"]
    answers = [
        business.get(f"/api/v1/dossiers/{theirs}"),
        business.put(f"/api/v1/procedures/emergency-aid/dossiers/{theirs}", json=draft),
        business.post(f"/api/v1/dossiers/{theirs}/file", headers=key()),
        business.get(f"/dossiers/{theirs}"),
        business.get(f"/dossiers/{theirs}/edit"),
        business.get(f"/api/v1/dossiers/{uuid4()}"),
        business.get("/api/v1/dossiers/no-identifier"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 7


def test_a_list_is_read_part_by_part_without_gap_or_repeat(stage, draft, key):
    client = stage.signed_in("business")
    made = [start(client, draft, key)["id"] for _ in range(7)]
    read, after = [], None
    while True:
        part = client.get("/api/v1/dossiers", params={"limit": 3} | ({"after": after} if after else {})).json()
        read += [item["id"] for item in part["items"]]
        after = part["next"]
        if after is None:
            break
    assert read == made[::-1]


def test_the_limit_of_a_list_is_bounded(business):
    assert business.get("/api/v1/dossiers", params={"limit": 101}).status_code == 422


def test_refusals_are_in_the_readers_language(stage, draft, key):
    french = stage.signed_in("business", language="fr")
    answer = french.post("/api/v1/procedures/emergency-aid/dossiers", json=draft | {"siret": "1"}, headers=key()).json()
    assert answer["title"] == "Des champs sont à corriger"
    assert "chiffres" in answer["errors"][0]["detail"]
