"""Open data: counted right, published once, served to caches without anything of whoever asked."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from reference_app import migration
from reference_app.database import connect
from reference_app.open_data import publishing
from reference_app.open_data.files import FIELDS
from reference_app.procedure import PROCEDURES

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
AT = datetime(2026, 7, 14, 10, tzinfo=UTC)
"""July is settled in November: two months of silence, one for corrections."""


@pytest.fixture
def connection(empty_database):
    migration.upgrade(empty_database)
    with psycopg.connect(empty_database, autocommit=True) as opened:
        yield opened


def filed(connection, number, state="accepte", code="13001", at=AT, days=10, mark="Rue Haute"):
    """So many dossiers of a business at an address, decided after ``days`` if they are; whose they are."""
    (owner,) = connection.execute(
        "INSERT INTO account (provider, subject) VALUES ('citizen', %s) RETURNING id", [uuid4().hex]
    ).fetchone()
    known = {"business_register": {"facts": {"address": f"12 {mark} 75999X, {code} VILLE"}}} if code else {}
    decided = at + timedelta(days=days) if state in ("accepte", "refuse", "sans_suite") else None
    row = (
        owner,
        state,
        Jsonb({"company_name": mark}),
        Jsonb(known),
        at,
        at.date(),
        owner,
        at,
        decided,
        decided and "x",
    )
    for _ in range(number):
        connection.execute(
            """INSERT INTO dossier (account_id, procedure, state, answers, known, receipt_number, filed_at, silence_on,
                                    operations, head, agent_id, claimed_at, decided_at, motivation)
               VALUES (%s, 'emergency-aid', %s, %s, %s, gen_random_uuid()::text, %s, %s, 1, '', %s, %s, %s, %s)""",
            row,
        )
    return owner


def publish(dsn, at=NOW) -> int:
    async def go():
        async with connect(dsn) as opened:
            return await publishing.publish(opened, at, "https://aide.example")

    return asyncio.run(go())


def rows(connection) -> dict[tuple[str, str, str], dict[str, str]]:
    (body,) = connection.execute(
        "SELECT body FROM published_file WHERE procedure = 'emergency-aid' AND name = 'data.csv'"
    ).fetchone()
    found = list(csv.DictReader(io.StringIO(body.decode())))
    return {(row["month"], row["departement"], row["state"]): row for row in found}


def test_dossiers_are_counted_by_month_place_and_state(connection, empty_database):
    filed(connection, 30, days=5)
    filed(connection, 20, "refuse", days=40)
    filed(connection, 25, code="20167")
    filed(connection, 25, "refuse", code="20600")
    filed(connection, 12, "en_instruction", code="97400")
    filed(connection, 13, code="")
    publish(empty_database)
    found = rows(connection)
    count = {key[1:]: row["dossiers"] for key, row in found.items() if key[0] == "2026-07"}
    assert count["13", "accepte"] == "30"
    assert count["13", "*"] == "50"
    assert (count["2A", "accepte"], count["2B", "refuse"]) == ("25", "25")
    assert count["974", "en_cours"] == "12"
    assert count["", "accepte"] == "13"
    assert count["*", "*"] == "125"
    assert count["13", "sans_suite"] == "0"
    whole = found["2026-07", "13", "*"]
    assert (whole["median_days"], whole["ninth_decile_days"]) == ("5", ""), (
        "50 decisions: eleven on either side of half"
    )


def test_the_ninth_decile_needs_more_decisions_than_the_median(connection, empty_database):
    filed(connection, 21, code="13001")
    filed(connection, 22, code="31000")
    filed(connection, 110, code="33000")
    publish(empty_database)
    found = rows(connection)
    shown = {
        place: (row["median_days"], row["ninth_decile_days"])
        for place in ("13", "31", "33")
        if (row := found["2026-07", place, "accepte"])
    }
    assert shown == {"13": ("", ""), "31": ("10", ""), "33": ("10", "10")}


def test_few_are_not_told_nor_what_they_are_worked_out_from(connection, empty_database):
    filed(connection, 30)
    filed(connection, 3, "refuse")
    filed(connection, 40, code="31000")
    filed(connection, 25, "refuse", code="31000")
    publish(empty_database)
    found = {key[1:]: row["dossiers"] for key, row in rows(connection).items() if key[0] == "2026-07"}
    assert found["13", "refuse"] == ""
    assert [found["13", "*"], found["13", "accepte"]].count("") >= 1
    assert [found["*", "refuse"], found["31", "refuse"]].count("") >= 1
    assert found["*", "*"] == "98"


def test_a_month_is_published_when_silence_has_decided_it_and_not_before(connection, empty_database):
    filed(connection, 20)
    assert publish(empty_database, datetime(2026, 11, 1, 12, tzinfo=UTC)) == 0
    assert publish(empty_database, datetime(2026, 11, 2, 12, tzinfo=UTC)) == 1
    procedure = PROCEDURES["emergency-aid"]
    assert list(publishing.due(procedure, date(2026, 5, 20), date(2026, 10, 5))) == [date(2026, 5, 1), date(2026, 6, 1)]


def test_what_was_published_never_changes_whatever_becomes_of_the_dossiers(connection, empty_database):
    filed(connection, 30)
    assert publish(empty_database) >= 1
    first = rows(connection)
    made = connection.execute("SELECT made_at, digest FROM published_file ORDER BY 1, 2").fetchall()
    connection.execute("UPDATE dossier SET state = 'refuse' WHERE id = (SELECT id FROM dossier LIMIT 1)")
    filed(connection, 1)
    assert publish(empty_database, NOW + timedelta(days=1)) == 0
    assert rows(connection) == first
    assert connection.execute("SELECT made_at, digest FROM published_file ORDER BY 1, 2").fetchall() == made


def test_nothing_of_anybody_is_in_what_is_published(connection, empty_database):
    filed(connection, 15, mark="Impasse Secrète")
    publish(empty_database)
    kept = connection.execute("SELECT string_agg(convert_from(body, 'UTF8'), '') FROM published_file").fetchone()[0]
    assert "Secr" not in kept
    assert "75999" not in kept
    (owner,) = connection.execute("SELECT id FROM account LIMIT 1").fetchone()
    assert str(owner) not in kept


def test_the_description_says_every_column_and_the_licence(connection, empty_database):
    filed(connection, 15)
    publish(empty_database)
    bodies = dict(
        connection.execute("SELECT name, body FROM published_file WHERE procedure = 'emergency-aid'").fetchall()
    )
    package = json.loads(bodies["datapackage.json"])
    header = next(csv.reader(io.StringIO(bodies["data.csv"].decode())))
    schema = package["resources"][0]["schema"]
    assert [field["name"] for field in schema["fields"]] == header == [name for name, _, _ in FIELDS]
    assert all(field["description"] for field in schema["fields"])
    assert package["licenses"][0]["name"] == "etalab-2.0"
    assert package["resources"][0]["path"] == "https://aide.example/open-data/emergency-aid.csv"
    data = json.loads(bodies["data.json"])
    assert len(data["rows"]) == len(list(csv.reader(io.StringIO(bodies["data.csv"].decode())))) - 1


@pytest.fixture
def published(stage, database_url, work):
    """The service after a night in which July was published."""
    with psycopg.connect(database_url, autocommit=True) as opened:
        owner = filed(opened, 12, at=datetime(2025, 7, 1, 10, tzinfo=UTC))
        opened.execute(
            "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('hours', 'open_data:publish', 0, NULL, NULL,"
            " '{\"timestamp\": 0}'::jsonb, NULL)::procrastinate_job_to_defer_v1])"
        )
    asyncio.run(work())
    yield stage
    with psycopg.connect(database_url, autocommit=True) as opened:  # they have no log that others could verify
        opened.execute("DELETE FROM dossier WHERE account_id = %s", [owner])


def test_the_job_publishes_and_anybody_reads_it(published):
    anybody = published.browser()
    answer = anybody.get("/open-data/emergency-aid.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "2025-07,13,accepte,12" in answer.text
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert 'rel="license"' in answer.headers["link"]
    again = anybody.get("/open-data/emergency-aid.csv", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "public, max-age=3600"
    assert anybody.get("/open-data/emergency-aid.json").json()["licenses"][0]["name"] == "etalab-2.0"
    assert anybody.get("/open-data/emergency-aid/datapackage.json").status_code == 200
    for path in ("/open-data/emergency-aid.xml", "/open-data/nothing.csv", "/open-data/masks.csv"):
        missing = anybody.get(path)
        assert missing.status_code == 404, path
        assert missing.headers["cache-control"] == "no-store", path


def test_a_cache_gets_nothing_of_the_one_who_asked_first(published):
    person = published.signed_in("business")
    answer = person.get("/open-data/emergency-aid.csv", params={"lang": "fr"})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "vary" not in answer.headers
    assert answer.content == published.browser().get("/open-data/emergency-aid.csv").content
    assert person.get("/open-data").headers["cache-control"] == "no-store", "the page greets its reader by name"


@pytest.mark.parametrize(("language", "said"), [("en", "Licence Ouverte"), ("fr", "Comment ces chiffres sont établis")])
def test_the_page_says_what_there_is(published, language, said):
    page = published.browser(language).get("/open-data").text
    assert said in page
    assert 'href="/open-data/emergency-aid.csv"' in page
