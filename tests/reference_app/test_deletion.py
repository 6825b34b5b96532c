"""A draft that its author deletes is gone from everywhere; what was filed is kept."""

from __future__ import annotations

import re
from uuid import uuid4

import psycopg
from psycopg import sql

COUNT = sql.SQL("SELECT count(*) FROM {} AS kept WHERE kept::text LIKE %s")


def started(client, draft, key):
    sent = key()
    answer = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=sent)
    assert answer.status_code == 201
    return answer.json()["id"], sent


def test_a_deleted_draft_is_gone_for_its_author_and_from_the_list(stage, draft, key):
    client = stage.signed_in("business")
    dossier, _ = started(client, draft, key)
    answer = client.delete(f"/api/v1/dossiers/{dossier}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(f"/api/v1/dossiers/{dossier}").status_code == 404
    assert client.get(f"/dossiers/{dossier}").status_code == 404
    assert client.get("/api/v1/dossiers").json()["items"] == []
    assert client.delete(f"/api/v1/dossiers/{dossier}").status_code == 404


def test_nothing_of_a_deleted_draft_stays_in_the_database(stage, draft, key, database_url):
    client = stage.signed_in("business")
    mark = f"marked {uuid4().hex}"
    dossier, _ = started(client, draft | {"need": mark}, key)
    kept, _ = started(client, draft | {"need": "another"}, key)
    assert client.delete(f"/api/v1/dossiers/{dossier}").status_code == 204
    with psycopg.connect(database_url) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            )
        ]
        assert {"dossier", "idempotency_key"} <= set(tables)
        for table in tables:
            rows = connection.execute(COUNT.format(sql.Identifier(table)), (f"%{mark}%",))
            assert rows.fetchone() == (0,), table
        rows = connection.execute("SELECT count(*) FROM idempotency_key WHERE answer LIKE %s", (f"%{kept}%",))
        assert rows.fetchone() == (1,), "the control: the other's answer is still kept for its retries"


def test_a_retry_of_its_creation_does_not_show_what_was_deleted(stage, draft, key):
    client = stage.signed_in("business")
    dossier, sent = started(client, draft, key)
    client.delete(f"/api/v1/dossiers/{dossier}")
    again = client.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=sent)
    assert again.json()["id"] != dossier
    assert "idempotency-replayed" not in again.headers


def test_what_was_filed_is_not_deleted(stage, draft):
    client = stage.signed_in("business")
    filed = stage.filed(client)
    assert client.delete(f"/api/v1/dossiers/{filed['id']}").status_code == 409
    assert client.get(f"/dossiers/{filed['id']}/delete").status_code == 409
    assert client.get(f"/api/v1/dossiers/{filed['id']}").json()["receipt"] == filed["receipt"]


def test_nobody_else_deletes_it(stage, draft, key):
    client = stage.signed_in("business")
    dossier, _ = started(client, draft, key)
    assert stage.signed_in("business").delete(f"/api/v1/dossiers/{dossier}").status_code == 404
    assert stage.signed_in("agent").delete(f"/api/v1/dossiers/{dossier}").status_code == 403
    assert stage.browser().delete(f"/api/v1/dossiers/{dossier}").status_code == 401
    assert client.get(f"/api/v1/dossiers/{dossier}").status_code == 200


def test_the_page_asks_before_it_deletes(stage, draft, key):
    client = stage.signed_in("business")
    dossier, _ = started(client, draft, key)
    assert f"/dossiers/{dossier}/delete" in client.get(f"/dossiers/{dossier}").text
    asked = client.get(f"/dossiers/{dossier}/delete")
    assert "Boulangerie du Port" in asked.text
    assert client.get(f"/api/v1/dossiers/{dossier}").status_code == 200
    token = re.search(r'name="token" value="([^"]+)"', asked.text)[1]
    assert client.post(f"/dossiers/{dossier}/delete", data={"token": "another"}).status_code == 403
    answer = client.post(f"/dossiers/{dossier}/delete", data={"token": token}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/dossiers")
    assert client.get(f"/api/v1/dossiers/{dossier}").status_code == 404
