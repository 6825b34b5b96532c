"""A person gets all that is held about them, nothing of others, no agent's name, and holds nobody up by asking."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import datetime
from uuid import uuid4

import psycopg
import pytest

from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.places import Places
from reference_app.rights import answers, copy
from reference_app.rights.inventory import HOLDINGS

MARK = "Une chaudière à remplacer"


@pytest.fixture(scope="module")
def life(stage, database_url):
    """A business that filed, was asked to mend, wrote and was written to, got a decision; and another beside it."""
    name, agent = f"business-{uuid4().hex}", stage.signed_in("agent")
    client, other = stage.signed_in("business", name), stage.signed_in("business")
    stage.filed(other, company_name="Quelqu’un d’autre", need="Rien de commun")
    dossier = stage.filed(client, need=MARK)["id"]
    while agent.post("/api/v1/agent/dossiers/claim-next").raise_for_status().json()["id"] != dossier:
        pass
    at = f"/api/v1/agent/dossiers/{dossier}"
    agent.post(f"{at}/correction", json={"reason": "incomplete", "said": "Le devis manque."}).raise_for_status()
    client.post(f"/api/v1/dossiers/{dossier}/corrected").raise_for_status()
    key = {"Idempotency-Key": str(uuid4())}
    agent.post(f"{at}/messages", json={"text": "Merci."}, headers=key).raise_for_status()
    client.post(f"/api/v1/dossiers/{dossier}/messages", json={"text": "Avec plaisir."}, headers=key).raise_for_status()
    draft = {"siret": "73282932000074", "company_name": "Au brouillon"}
    client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers={"Idempotency-Key": str(uuid4())})
    return client, dossier


def unpacked(answer) -> tuple[dict, str]:
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist()[:2] == ["data.json", "data.html"]
        return json.loads(archive.read("data.json")), archive.read("data.html").decode()


def test_the_copy_has_what_the_person_said_and_what_was_said_to_them(life):
    client, dossier = life
    data, page = unpacked(client.get("/my-data/copy"))
    assert data["account"]["provider"] == "citizen"
    found = {one["id"]: one for one in data["dossiers"]}
    mine = found[dossier]
    assert mine["answers"]["need"] == MARK
    assert [one["text"] for one in mine["message"]] == ["Merci.", "Avec plaisir."]
    assert [one["by"] for one in mine["message"]] == ["service", "you"]
    assert mine["correction"][0]["said"] == "Le devis manque."
    assert [one["by"] for one in mine["traitement"]] == ["you", "service", "service"]
    assert {one["operation"]["by"] for one in mine["operation"]} == {"you", "service"}
    assert mine["kept_until"] is not None
    assert len(found) == 2
    for words in (
        MARK,
        "Merci.",
        "Le devis manque.",
        "Au brouillon",
        "Something is missing",
        "Log of operations",
        "Digest of the content",
    ):
        assert words in page


def test_the_api_gives_the_same_as_the_archive(life):
    client, _ = life
    data, _ = unpacked(client.get("/api/v1/my-data/copy"))
    asked = client.get("/api/v1/my-data").json()
    assert asked | {"made_at": ""} == data | {"made_at": ""}
    lists = {key for one in (asked, asked["dossiers"][0]) for key, value in one.items() if isinstance(value, list)}
    assert lists - {"dossiers"} == {holding.table for holding in HOLDINGS} - {"account", "dossier"}


def test_nothing_of_others_and_no_agent_is_in_it(life, database_url):
    client, _ = life
    data, page = unpacked(client.get("/my-data/copy"))
    with psycopg.connect(database_url) as connection:
        others = [
            str(row[0])
            for row in connection.execute(
                "SELECT id FROM account WHERE id <> %s", [client.get("/api/v1/me").json()["account"]]
            )
        ]
    text = json.dumps(data, ensure_ascii=False) + page
    assert "Rien de commun" not in text
    assert others
    assert not [account for account in others if account in text]


def test_the_copy_speaks_the_language_of_its_reader(life):
    client, _ = life
    page = unpacked(client.get("/my-data/copy?lang=fr"))[1]
    assert '<html lang="fr">' in page
    assert "Tout ce que le service détient à votre sujet" in page
    assert "Journal des opérations" in page


def test_many_dossiers_are_all_in_it_each_with_its_own(stage, draft, key):
    client = stage.signed_in("business")
    for number in range(45):
        client.post(
            "/api/v1/procedures/emergency-aid/dossiers", json=draft | {"need": f"numéro {number}."}, headers=key()
        ).raise_for_status()
    data, page = unpacked(client.get("/my-data/copy"))
    assert sorted(one["answers"]["need"] for one in data["dossiers"]) == sorted(f"numéro {n}." for n in range(45))
    assert len(re.findall("<h3>", page)) == 45


def test_what_people_type_is_text_in_the_page(stage, draft, key):
    client = stage.signed_in("business")
    typed = draft | {"need": "<script>alert(1)</script> & \u202eenvers"}
    client.post("/api/v1/procedures/emergency-aid/dossiers", json=typed, headers=key()).raise_for_status()
    page = unpacked(client.get("/my-data/copy"))[1]
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


PDF = b"%PDF-1.7\n" + b"1 0 obj << >> endobj\n" * 200 + b"%%EOF\n"


def test_the_files_a_person_sent_are_in_it_those_that_fit(stage, draft, key, monkeypatch):
    client = stage.signed_in("business")
    dossier = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
    at = f"/api/v1/dossiers/{dossier}/pieces/last_accounts"
    sent = client.post(at, content=PDF, headers={"Content-Disposition": 'attachment; filename="a.pdf"'})
    piece = sent.raise_for_status().json()["id"]
    answer = client.get("/my-data/copy")
    assert unpacked(answer)[0]["dossiers"][0]["piece"][0]["id"] == piece
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.read(f"pieces/{piece}.pdf") == PDF
    monkeypatch.setattr(copy, "FITS", len(PDF) - 1)
    data, page = unpacked(client.get("/my-data/copy"))
    assert data["dossiers"][0]["piece"][0]["id"] == piece, "told of all the same"
    assert "too many for this archive, and are on the page of their dossier: 1." in page


def test_it_is_for_the_person_alone(stage):
    assert stage.browser().get("/api/v1/my-data").status_code == 401
    assert stage.browser().get("/my-data/copy").url.path == "/sign-in"
    assert stage.signed_in("agent").get("/api/v1/my-data").status_code == 403


def test_copies_beyond_the_places_are_asked_to_come_back_and_no_place_is_lost(stage, monkeypatch):
    client = stage.signed_in("business")
    places = Places(1)
    monkeypatch.setattr(answers, "_PLACES", places)
    with places.one():
        full = client.get("/api/v1/my-data/copy")
    assert full.status_code == 503
    assert int(full.headers["retry-after"]) > 0
    assert client.get("/api/v1/my-data/copy").status_code == 200
    assert client.get("/api/v1/my-data/copy").status_code == 200


def test_who_opened_a_dossier_is_told_by_role_once_a_day(stage):
    client = stage.signed_in("business")
    dossier = stage.filed(client)["id"]
    one, other = stage.signed_in("agent"), stage.signed_in("agent")
    for agent in (one, one, other):
        agent.get(f"/agent/dossiers/{dossier}").raise_for_status()
        agent.get(f"/api/v1/agent/dossiers/{dossier}").raise_for_status()
    told = client.get("/api/v1/my-data").json()["dossiers"][0]["consultation"]
    assert [line["by"] for line in told] == ["service", "service"]
    assert {line["day"] for line in told} == {datetime.now(LEGAL_TIME).date().isoformat()}
    assert "Who opened it" in unpacked(client.get("/my-data/copy"))[1]
