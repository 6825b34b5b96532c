"""Search: by what an agent has in hand, whatever its accents; bounded, slowed, and in no address or log."""

from __future__ import annotations

import asyncio
import json
from itertools import count
from uuid import UUID, uuid4

import psycopg
import pytest

from reference_app import embedded, migration
from reference_app.database import connect
from reference_app.instruction import queue, search
from reference_app.instruction.reach import reach
from reference_app.instruction.search import Kind, understood
from reference_app.seeding import seed

NUMBERS = count(1)


@pytest.fixture(scope="module")
def business(stage):
    return stage.signed_in("business")


@pytest.fixture(scope="module")
def agent(stage):
    return stage.signed_in("agent")


def found(agent, sought: str) -> list[str]:
    answer = agent.post("/api/v1/agent/search", json={"sought": sought})
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("typed", "kind", "sought"),
    [
        ("732 829 320 00074", Kind.SIRET, "73282932000074"),
        (" aue-2026-00000001", Kind.RECEIPT, "aue-2026-00000001"),
        ("Name@Example.fr", Kind.EMAIL, "Name@Example.fr"),
        ("Boulangerie du Port", Kind.NAME, "Boulangerie du Port"),
        ("A-1 Taxis", Kind.NAME, "A-1 Taxis"),
        ("73282932", Kind.NAME, "73282932"),
    ],
)
def test_what_was_typed_is_understood_by_its_form(typed, kind, sought):
    understands = understood(typed)
    assert (understands[0], understands[1].strip()) == (kind, sought)


def test_every_way_leads_to_the_dossier(stage, business, agent):
    name = f"Œuvrerie Éléonore n° {next(NUMBERS)} {uuid4().hex[:6]}"
    email = f"{uuid4().hex}@Example.fr"
    dossier = stage.filed(business, company_name=name, contact_email=email, siret="552 100 554 00013")
    identifier = dossier["id"]
    assert found(agent, dossier["receipt"]["number"].lower()) == [identifier]
    assert identifier in found(agent, "55210055400013")
    assert found(agent, email.upper()) == [identifier]
    assert found(agent, f"OEUVRERIE ELEONORE {name[18:]}") == [identifier]
    assert identifier in found(agent, "éléonore n°")
    assert found(agent, name[18:]) == [identifier]
    assert found(agent, f"{name} et fils") == []


@pytest.mark.parametrize("sought", ["%%%", "___", "\\\\\\", "'; DROP"])
def test_signs_of_a_pattern_are_looked_for_as_they_are(stage, business, agent, sought):
    stage.filed(business, company_name="Sans signe")
    dossier = stage.filed(business, company_name=f"{sought} signe")["id"]
    answer = found(agent, sought)
    assert dossier in answer
    names = agent.post("/api/v1/agent/search", json={"sought": sought}).json()["items"]
    assert all(sought in item["title"] for item in names)


def test_a_draft_is_not_found(business, agent, draft, key):
    email = f"{uuid4().hex}@example.fr"
    body = draft | {"contact_email": email}
    business.post("/api/v1/procedures/emergency-aid/dossiers", json=body, headers=key()).raise_for_status()
    assert found(agent, email) == []


@pytest.mark.parametrize("sought", ["ab", " ", "", "\u0000\u0001\u0002", "x" * 201])
def test_what_is_too_short_or_no_text_is_said_beside_the_field(agent, sought):
    assert agent.post("/api/v1/agent/search", json={"sought": sought}).status_code == 422
    token = agent.get("/agent/search").text.split('name="token" value="')[1].split('"')[0]
    page = agent.post("/agent/search", data={"token": token, "sought": sought})
    assert page.status_code == 422
    assert 'id="sought-error"' in page.text


def test_fifty_at_most_and_that_there_are_more_is_said(stage, agent, database_url):
    name = f"Partout {uuid4().hex[:8]}"
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO account (provider, subject) VALUES ('citizen', %s)", [name])
        connection.execute(MANY, {"name": name, "answers": json.dumps({"company_name": name}), "many": search.MOST})
    token = agent.get("/agent/search").text.split('name="token" value="')[1].split('"')[0]
    page = agent.post("/agent/search", data={"token": token, "sought": name})
    with psycopg.connect(database_url) as connection:  # they have no log of operations, which others look at
        connection.execute("DELETE FROM dossier WHERE answers->>'company_name' = %s", [name])
    assert page.text.count('<th scope="row">') == search.MOST
    assert "There are more" in page.text


MANY = """
    INSERT INTO dossier (account_id, procedure, state, answers, receipt_number, filed_at, silence_on, head)
    SELECT a.id, 'emergency-aid', 'en_construction', %(answers)s::jsonb, gen_random_uuid()::text,
           now() + interval '1 day', '2099-01-01', 'x'
    FROM account a, generate_series(0, %(many)s) n WHERE a.subject = %(name)s"""


def test_what_was_looked_for_stands_in_no_address_and_no_log(stage, agent, capfd):
    secret = f"Secret{uuid4().hex}"
    answer = agent.post("/api/v1/agent/search", json={"sought": secret})
    assert secret not in str(answer.url)
    stage.browser().get("/livez")
    shown = capfd.readouterr()
    assert secret not in shown.out + shown.err
    page = agent.get(f"/agent/search?sought={secret}")
    assert f'value="{secret}"' not in page.text


def test_who_searches_too_much_is_slowed(staged):
    with staged(unlimited_networks="", searches_a_minute=3, write_burst=50, person_burst=200) as limited:
        agent = limited.signed_in("agent")
        answers = [agent.post("/api/v1/agent/search", json={"sought": "boulangerie"}) for _ in range(5)]
        assert [a.status_code for a in answers][:4] == [200, 200, 200, 429]
        assert int(answers[3].headers["Retry-After"]) >= 1
        assert agent.get("/agent/dossiers").status_code == 200


@pytest.fixture(scope="module")
def grown():
    """A database with enough dossiers that PostgreSQL prefers the right index by itself."""
    with embedded.running() as server:
        migration.upgrade(server.dsn())
        asyncio.run(fill(server.dsn()))
        yield server.dsn()


async def fill(dsn):
    async with connect(dsn) as connection:
        await seed(connection, 10_000)


@pytest.mark.parametrize(
    ("kind", "sought", "index"),
    [
        (Kind.RECEIPT, "FICTIF-77", "dossier_receipt_number_key"),
        (Kind.SIRET, "55210055400013", "dossier_siret"),
        (Kind.EMAIL, "Fictif@example.fr", "dossier_email"),
        (Kind.NAME, "etablissement fictif-77", "dossier_word_1"),
        (Kind.NAME, "fictif-77", "dossier_word_2"),
    ],
)
def test_no_search_reads_a_whole_table(grown, kind, sought, index):
    values = reach(uuid4()) | {"sought": sought}
    with psycopg.connect(grown) as connection:
        lines = connection.execute(b"EXPLAIN " + search._STATEMENTS[kind], values).fetchall()
    plan = "\n".join(line for (line,) in lines)
    assert "Seq Scan" not in plan
    assert "Sort" not in plan
    assert index in plan


@pytest.mark.parametrize("kind", Kind)
def test_a_search_is_planned_once_however_many_dossiers_there_are(grown, kind):
    assert plans_kept(grown, search._STATEMENTS[kind]) > 0


def test_a_page_of_the_queue_is_planned_once_too(grown):
    shape = {"mine": False, "waits": None, "by_silence": True, "aged": False, "moves": None}
    statement = queue._statement(**shape, limit=21)
    assert plans_kept(grown, statement) > 0
    assert plans_kept(grown, statement.replace(b"LIMIT 21", b"LIMIT %(limit)s")) == 0


def test_with_its_limit_as_a_parameter_a_search_would_be_planned_each_time(grown):
    """The control of the test before."""
    with_parameter = search._STATEMENTS[Kind.NAME].replace(b"LIMIT 51", b"LIMIT %(limit)s")
    assert with_parameter != search._STATEMENTS[Kind.NAME]
    assert plans_kept(grown, with_parameter) == 0


def plans_kept(grown: str, statement: bytes) -> int:
    """How often a plan that was made before served, where PostgreSQL takes the dossiers for a million."""
    with psycopg.connect(grown, autocommit=True) as connection, connection.transaction(force_rollback=True):
        connection.execute("UPDATE pg_class SET reltuples = 1e6 WHERE relname = 'dossier'")
        for number in range(12):
            values = reach(UUID(int=0)) | {"sought": f"etablissement fictif-{number}", "limit": 21, "state": "accepte"}
            connection.execute(statement, values, prepare=True)
        kept = "SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE '%%FROM dossier%%'"
        (row,) = connection.execute(kept).fetchall()
        return int(row[0])
