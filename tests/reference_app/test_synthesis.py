"""The synthesis: right figures, made by a job, read without counting a table that grows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from reference_app import migration
from reference_app.database import connect
from reference_app.instruction import synthesis

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADD = """
    WITH a AS (INSERT INTO account (provider, subject) VALUES (%(provider)s, gen_random_uuid()::text) RETURNING id)
    INSERT INTO dossier (account_id, procedure, state, answers, receipt_number, filed_at, silence_on, head, agent_id,
                         claimed_at, decided_at, motivation)
    SELECT id, 'emergency-aid', %(state)s,
           jsonb_build_object('amount', %(amount)s::int, 'activity', %(activity)s::text),
           gen_random_uuid()::text, %(filed_at)s, %(silence_on)s, 'x', id, %(filed_at)s, %(decided_at)s, 'm' FROM a"""

DRAFT = """
    INSERT INTO dossier (account_id, procedure) SELECT id, 'emergency-aid' FROM account WHERE subject = 'draft'"""


def add(connection, state, *, filed, days=None, amount=1000, activity="stopped", provider="citizen", silence=60):
    connection.execute(
        ADD,
        {
            "provider": provider,
            "state": state,
            "amount": amount,
            "activity": activity,
            "filed_at": NOW - timedelta(days=filed),
            "silence_on": (NOW + timedelta(days=silence)).date(),
            "decided_at": None if days is None else NOW - timedelta(days=filed) + timedelta(days=days),
        },
    )


@pytest.fixture
def filled(empty_database) -> str:
    migration.upgrade(empty_database)
    with psycopg.connect(empty_database) as connection:
        for days in range(1, 11):  # filed on 1 November, decided after 1 to 10 days
            accepted = days <= 6
            add(connection, "accepte" if accepted else "refuse", filed=21, days=days, amount=100 * days)
        add(connection, "en_construction", filed=2, provider="counter", activity="reduced")
        add(connection, "en_instruction", filed=10, silence=3)
        add(connection, "en_construction", filed=200, silence=-140)
        connection.execute("INSERT INTO account (provider, subject) VALUES ('citizen', 'draft')")
        connection.execute(DRAFT)
    return empty_database


async def made(dsn, group="emergency-aid"):
    async with connect(dsn) as connection:
        await synthesis.make(connection, NOW)
        await synthesis.make(connection, NOW)
        return await synthesis.standing(connection, group), await synthesis.months(connection, group)


def test_the_figures_are_those_of_the_dossiers(filled):
    standing, months = asyncio.run(made(filled))
    assert standing.made_at == NOW
    assert standing.waiting == [1, 1, 0, 0, 1]
    assert standing.near == 2
    assert standing.answers == {"activity": {"stopped": 12, "reduced": 1}}
    this = months[0]
    assert (this.month.isoformat(), this.filed, this.at_counter) == ("2026-11-01", 12, 1)
    assert this.asked_eur == sum(100 * days for days in range(1, 11)) + 2000
    assert (this.decided, this.accepted) == (10, 6)
    assert this.granted_eur == sum(100 * days for days in range(1, 7))
    assert this.median_s == pytest.approx(5.5 * 86_400)
    assert this.p90_s == pytest.approx(9.1 * 86_400)
    assert [month.filed for month in months[1:]] == [1]


def test_another_group_has_none_of_it(filled):
    standing, months = asyncio.run(made(filled, "holiday-aid"))
    assert (sum(standing.waiting), standing.near, months) == (0, 0, [])


@pytest.mark.parametrize("statement", [synthesis._MONTHS_OF, synthesis._STANDING_OF])
def test_what_a_page_reads_are_a_few_rows_of_an_index(database_url, statement):
    with psycopg.connect(database_url) as connection:
        connection.execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
        lines = connection.execute("EXPLAIN " + statement, {"group": "emergency-aid", "most": 24}).fetchall()
    plan = "\n".join(line for (line,) in lines)
    assert "Index" in plan
    assert "Seq Scan" not in plan
    assert " dossier" not in plan


def test_the_page_tells_when_it_was_made_and_its_figures_stand_in_a_table(stage, database_url):
    agent = stage.signed_in("agent")
    stage.filed(stage.signed_in("business"))

    async def make():
        async with connect(database_url) as connection:
            await synthesis.make(connection, datetime.now(UTC))

    asyncio.run(make())
    page = agent.get("/agent/synthesis").text
    assert "Counted on" in page
    assert '<th scope="col">Month</th>' in page
    assert 'role="img"' in page
    read = agent.get("/api/v1/agent/synthesis").json()
    assert read["months"][0]["filed"] >= 1
    assert agent.get("/api/v1/agent/synthesis?group=nobodys").status_code == 404
    assert stage.signed_in("business").get("/agent/synthesis").status_code == 403
