"""Decisions in batch: one transaction a dossier, every outcome told, safe to send again."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from reference_app.database import connect
from reference_app.instruction import journal, lots

DECISION = {"decision": "accepte", "motivation": "Perte établie."}


@pytest.fixture(scope="module")
def business(stage):
    return stage.signed_in("business")


@pytest.fixture(scope="module")
def agent(stage):
    return stage.signed_in("agent")


def taken(stage, business, agent, count) -> list[str]:
    while agent.post("/api/v1/agent/dossiers/claim-next").status_code == 200:
        continue
    for _ in range(count):
        stage.filed(business)
    return [agent.post("/api/v1/agent/dossiers/claim-next").json()["id"] for _ in range(count)]


def sent(agent, dossiers, key, **other):
    return agent.post("/api/v1/agent/lots", json=DECISION | other | {"dossiers": dossiers}, headers=key)


def test_what_cannot_be_decided_is_said_and_holds_up_no_other(stage, business, agent, key):
    other = stage.signed_in("agent")
    mine = taken(stage, business, agent, 3)
    (theirs,) = taken(stage, business, other, 1)
    agent.post(f"/api/v1/agent/dossiers/{mine[1]}/release").raise_for_status()
    lot = sent(agent, [*mine, theirs, mine[0]], key())
    assert lot.status_code == 202, lot.text
    found = {o["dossier_id"]: (o["done"], o["why"]) for o in lot.json()["outcomes"]}
    assert found == {
        mine[0]: (True, None),
        mine[1]: (False, "conflict"),
        mine[2]: (True, None),
        theirs: (False, "forbidden"),
    }
    states = [agent.get(f"/api/v1/agent/dossiers/{d}").json()["state"] for d in (*mine, theirs)]
    assert states == ["accepte", "en_construction", "accepte", "en_instruction"]


def test_a_lot_sent_again_and_at_once_decides_once(stage, business, agent, key, database_url):
    mine, same = taken(stage, business, agent, 4), key()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: sent(agent, mine, same), range(4)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    read = agent.get(f"/api/v1/agent/lots/{answers[0].json()['id']}").json()
    assert [o["done"] for o in read["outcomes"]] == [True] * 4
    assert read["done_at"] is not None
    with psycopg.connect(database_url) as connection:
        count = connection.execute(
            "SELECT count(*) FROM traitement WHERE state = 'accepte' AND dossier_id = ANY (%s::uuid[])", [mine]
        ).fetchone()
    assert count == (4,)
    assert sent(agent, mine, same, decision="refuse").status_code == 422


def test_more_than_twenty_are_decided_by_a_job_that_may_run_twice(stage, business, agent, key, work, database_url):
    mine = taken(stage, business, agent, lots.AT_ONCE + 1)
    lot = sent(agent, mine, key()).json()
    assert lot["done_at"] is None
    assert {o["done"] for o in lot["outcomes"]} == {None}
    assert "open this page again" in agent.get(f"/agent/lots/{lot['id']}").text
    asyncio.run(work())
    asyncio.run(again(database_url, lot["id"]))
    read = agent.get(f"/api/v1/agent/lots/{lot['id']}").json()
    assert {o["done"] for o in read["outcomes"]} == {True}
    assert read["done_at"] is not None


async def again(database_url, lot):
    from datetime import UTC, datetime

    async with connect(database_url) as connection:
        await connection.execute("UPDATE lot SET done_at = NULL WHERE id = %s", [lot])
        await lots.work_off(connection, lot, datetime.now(UTC))


def test_the_pages_choose_decide_and_tell(stage, business, agent):
    mine = taken(stage, business, agent, 2)
    queue = agent.get("/agent/dossiers?state=en_instruction&mine=true&size=100").text
    assert all(f'name="dossier" value="{one}"' in queue for one in mine)
    token = re.search(r'name="token" value="([^"]+)"', queue)[1]
    nobody = agent.post("/agent/lots/new", data={"token": token})
    assert nobody.status_code == 422
    form = agent.post("/agent/lots/new", data={"token": token, "dossier": mine})
    key = re.search(r'name="key" value="([^"]+)"', form.text)[1]
    wrong = agent.post("/agent/lots", data={"token": token, "key": key, "dossier": mine, "motivation": "Motif"})
    assert wrong.status_code == 422
    assert "Motif" in wrong.text
    assert all(one in wrong.text for one in mine)
    typed = {"token": token, "key": key, "dossier": mine, "motivation": "Motif", "decision": "refuse"}
    done = agent.post("/agent/lots", data=typed)
    assert done.status_code == 200
    assert "Decided: 2 of 2." in done.text


@pytest.mark.parametrize(
    "wrong", [{"dossiers": []}, {"dossiers": ["x"]}, {"motivation": " "}, {"decision": "brouillon"}]
)
def test_a_lot_that_cannot_be_decided_is_refused_whole(agent, key, wrong):
    body = DECISION | {"dossiers": [str(uuid4())]} | wrong
    assert agent.post("/api/v1/agent/lots", json=body, headers=key()).status_code == 422


def test_a_hundred_at_most_and_another_agents_lot_is_not_read(stage, agent, key):
    too_many = [str(uuid4()) for _ in range(lots.MOST + 1)]
    assert sent(agent, too_many, key()).status_code == 422
    lot = sent(agent, [str(uuid4())], key()).json()
    assert lot["outcomes"] == []
    assert stage.signed_in("agent").get(f"/api/v1/agent/lots/{lot['id']}").status_code == 404


def test_lots_stand_in_the_journal_and_every_change_of_it_is_found(agent, key, database_url):
    sent(agent, [str(uuid4())], key()).raise_for_status()
    sent(agent, [str(uuid4())], key()).raise_for_status()
    assert asyncio.run(broken(database_url, "SELECT 1")) == []
    assert asyncio.run(broken(database_url, "UPDATE journal SET payload = payload || ' ' WHERE rank = 1"))
    assert asyncio.run(broken(database_url, "DELETE FROM journal WHERE rank = 1"))
    assert asyncio.run(broken(database_url, "UPDATE journal SET digest = 'x' WHERE rank = 1"))


async def broken(database_url, tampering):
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute(tampering)
        found = [problem async for _, problem in journal.broken(connection)]
        await connection.rollback()
        return found
