"""The queue: filtered, in order, read both ways, of the agent's groups only."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import product
from uuid import uuid4

import psycopg
import pytest

from reference_app.dossiers.operations import broken_chains
from reference_app.instruction.left import give_back
from reference_app.instruction.queue import Waits, _statement
from reference_app.instruction.reach import reach
from reference_app.instruction.tallies import BOUND, KEPT_S, Tallies

SHAPES = [
    {"mine": mine, "waits": waits, "by_silence": silence, "aged": aged, "moves": moves}
    for mine, waits, silence, aged, moves in product(
        (False, True), (None, *Waits), (False, True), (False, True), (None, "on", "back")
    )
]

LONG_AGO = """
    UPDATE dossier SET claimed_at = claimed_at - interval '10 days', updated_at = updated_at - interval '10 days'
    WHERE id = ANY(%s::uuid[])"""


@pytest.fixture(scope="module")
def agent(stage):
    return stage.signed_in("agent")


@pytest.fixture(scope="module")
def business(stage):
    return stage.signed_in("business")


def listed(client, **asked):
    answer = client.get("/api/v1/agent/dossiers", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def emptied(agent):
    while agent.post("/api/v1/agent/dossiers/claim-next").status_code == 200:
        continue


def test_the_list_is_read_on_and_back_over_the_same_dossiers(stage, business, agent):
    emptied(agent)
    filed = [stage.filed(business)["id"] for _ in range(5)]
    first = listed(agent, limit=2)
    second = listed(agent, limit=2, after=first["next"])
    third = listed(agent, limit=2, after=second["next"])
    assert [i["id"] for part in (first, second, third) for i in part["items"]] == filed
    assert (first["previous"], third["next"]) == (None, None)
    back = listed(agent, limit=2, before=third["previous"])
    assert back["items"] == second["items"]
    again = listed(agent, limit=2, before=back["previous"])
    assert again["items"] == first["items"]
    assert again["previous"] is None


def test_what_waits_for_its_author_is_marked_and_found_alone(stage, business, agent):
    emptied(agent)
    stage.filed(business)
    dossier = agent.post("/api/v1/agent/dossiers/claim-next").json()["id"]
    wanted = {"reason": "incomplete", "said": "Le RIB manque."}
    agent.post(f"/api/v1/agent/dossiers/{dossier}/correction", json=wanted).raise_for_status()
    waiting = listed(agent, waits="correction")["items"]
    assert dossier in [item["id"] for item in waiting]
    assert all(item["correction_asked_at"] for item in waiting)
    assert "Waiting for a correction" in agent.get("/agent/dossiers?waits=correction").text
    assert agent.post("/api/v1/agent/dossiers/claim-next").status_code == 204
    business.post(f"/api/v1/dossiers/{dossier}/withdraw").raise_for_status()


def test_filters_that_a_form_leaves_empty_are_none(agent):
    page = agent.get("/agent/dossiers?state=en_construction&group=&waits=&older_than=&order=silence&size=100")
    assert page.status_code == 200
    assert agent.get("/agent/dossiers?older_than=x").status_code == 422


def test_only_dossiers_of_an_age_or_a_procedure(stage, business, agent):
    stage.filed(business)
    assert listed(agent, older_than=0)["items"]
    assert listed(agent, older_than=30)["items"] == []
    assert listed(agent, procedure="emergency-aid")["items"]
    assert listed(agent, procedure="masks")["items"] == []
    assert listed(agent, group="nobodys")["items"] == []


def test_a_dossier_that_is_given_back_waits_again_in_its_place(stage, business, agent):
    emptied(agent)
    filed = [stage.filed(business)["id"] for _ in range(2)]
    assert agent.post("/api/v1/agent/dossiers/claim-next").json()["id"] == filed[0]
    other = stage.signed_in("agent")
    assert other.post(f"/api/v1/agent/dossiers/{filed[0]}/release").status_code == 403
    agent.post(f"/api/v1/agent/dossiers/{filed[0]}/release").raise_for_status()
    assert agent.post(f"/api/v1/agent/dossiers/{filed[0]}/release").status_code == 409
    assert [item["id"] for item in listed(agent, waits="nothing")["items"]] == filed
    assert other.post("/api/v1/agent/dossiers/claim-next").json()["id"] == filed[0]


def values(moves: str | None) -> dict[str, object]:
    edge = str(uuid4()) if moves else None
    state = {"state": "en_construction", "filed_before": datetime.now(UTC), "edge": edge}
    return reach(uuid4()) | state


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "-".join(str(v) for v in shape.values()))
def test_no_list_reads_or_sorts_a_whole_table(database_url, shape):
    with psycopg.connect(database_url) as connection:
        connection.execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
        connection.execute("SET enable_incremental_sort = off")
        lines = connection.execute(b"EXPLAIN " + _statement(**shape, limit=21), values(shape["moves"])).fetchall()
    plan = "\n".join(line for (line,) in lines)
    assert "Seq Scan" not in plan
    # By silence date, an agent's own under review are few, and sorted.
    assert "Sort" not in plan or (shape["mine"] and shape["by_silence"]), plan


class Counting:
    """A connection that counts what is asked of it."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self.connection, self.asked = connection, 0

    def cursor(self, **options):
        self.asked += 1
        return self.connection.cursor(**options)


def test_what_waits_is_counted_to_a_bound_and_not_for_every_page(database_url, stage, business):
    stage.filed(business)
    now = [0.0]
    asyncio.run(_count(database_url, now))


async def _count(database_url, now):
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        counting, tallies, at = Counting(connection), Tallies(lambda: now[0]), datetime.now(UTC)
        first = await tallies.of(counting, ["emergency-aid"], at)
        assert first.to_take >= 1
        assert first.over == frozenset()
        await tallies.of(counting, ["emergency-aid"], at)
        assert counting.asked == 1
        await connection.execute("INSERT INTO account (provider, subject) VALUES ('citizen', 'of the tally')")
        await connection.execute(MANY, {"many": BOUND})
        now[0] += KEPT_S
        many = await tallies.of(counting, ["emergency-aid"], at)
        assert counting.asked == 2
        assert (many.to_take, many.over) == (BOUND, {"to_take"})
        await connection.rollback()


MANY = """
    INSERT INTO dossier (account_id, procedure, state, receipt_number, filed_at, silence_on, head)
    SELECT a.id, 'emergency-aid', 'en_construction', 'TALLY-' || n, now(), '2099-01-01', 'x'
    FROM account a, generate_series(0, %(many)s) n WHERE a.subject = 'of the tally'"""


def test_what_an_agent_left_lying_goes_back_and_what_is_worked_on_does_not(stage, business, database_url, key):
    agent = stage.signed_in("agent")
    emptied(agent)
    filed = [stage.filed(business)["id"] for _ in range(4)]
    for dossier in filed:
        assert agent.post("/api/v1/agent/dossiers/claim-next").json()["id"] == dossier
    left, written, asked, recent = filed
    question = {"expert": "expert@example.fr", "question": "Est-ce plausible ?", "shown": ["need"]}
    agent.post(f"/api/v1/agent/dossiers/{asked}/avis", json=question, headers=key()).raise_for_status()
    with psycopg.connect(database_url) as connection:
        connection.execute(LONG_AGO, [[left, written, asked]])
    agent.post(f"/api/v1/agent/dossiers/{written}/messages", json={"text": "Bientôt."}, headers=key())

    async def night() -> list[int]:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            times = [await give_back(connection, datetime.now(UTC)) for _ in range(2)]
            assert left not in {str(dossier) async for dossier, _ in broken_chains(connection)}
            return times

    first, second = asyncio.run(night())
    assert first >= 1
    assert second == 0, "what is given back is left by nobody"
    states = {dossier: agent.get(f"/api/v1/agent/dossiers/{dossier}").json()["state"] for dossier in filed}
    assert states == {left: "en_construction", **dict.fromkeys((written, asked, recent), "en_instruction")}
    for person, page in ((agent, f"/agent/dossiers/{left}"), (business, f"/dossiers/{left}")):
        assert "De nouveau en attente d’un agent" in person.get(f"{page}?lang=fr").text
    assert "for 7 days" in agent.get(f"/agent/dossiers/{recent}?lang=en").text
    assert stage.signed_in("agent").post("/api/v1/agent/dossiers/claim-next").json()["id"] == left
