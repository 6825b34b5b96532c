"""The agents' work: nobody shares a dossier, nobody decides twice or for another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

DECISION = {"decision": "accepte", "motivation": "Perte établie."}


@pytest.fixture(scope="module")
def agent(stage):
    return stage.signed_in("agent")


@pytest.fixture(scope="module")
def business(stage):
    return stage.signed_in("business")


def claim(client):
    return client.post("/api/v1/agent/dossiers/claim-next")


def claimed(stage, business, agent):
    """A dossier that ``agent`` has under review."""
    stage.filed(business)
    return claim(agent).json()["id"]


def test_agents_that_claim_at_once_never_share_a_dossier(stage, business, agent):
    while claim(agent).status_code == 200:
        continue
    filed = {stage.filed(business)["id"] for _ in range(24)}
    agents = [stage.signed_in("agent") for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: claim(agents[n % 8]), range(32)))
    taken = [answer.json()["id"] for answer in answers if answer.status_code == 200]
    assert len(taken) == len(set(taken))
    assert {answer.status_code for answer in answers} == {200, 204}
    # A claim that met only locked rows may have been told 204: what is left is still there for the next one.
    while (answer := claim(agent)).status_code == 200:
        taken.append(answer.json()["id"])
    assert sorted(taken) == sorted(filed)


def test_the_oldest_dossier_is_given_first(stage, business, agent):
    while claim(agent).status_code == 200:
        continue
    filed = [stage.filed(business)["id"] for _ in range(3)]
    assert [claim(agent).json()["id"] for _ in filed] == filed


def test_a_decision_reaches_the_business_with_its_reasons(stage, business, agent):
    dossier = claimed(stage, business, agent)
    decided = agent.post(f"/api/v1/agent/dossiers/{dossier}/decision", json=DECISION)
    assert decided.status_code == 200
    read = business.get(f"/api/v1/dossiers/{dossier}").json()
    assert (read["state"], read["motivation"]) == ("accepte", "Perte établie.")
    history = agent.get(f"/api/v1/agent/dossiers/{dossier}").json()["history"]
    assert [step["state"] for step in history] == ["en_construction", "en_instruction", "accepte"]


@pytest.mark.parametrize("second", ["accepte", "refuse"])
def test_a_second_decision_is_a_conflict_repeated_or_contradictory(stage, business, agent, second):
    dossier = claimed(stage, business, agent)
    agent.post(f"/api/v1/agent/dossiers/{dossier}/decision", json=DECISION).raise_for_status()
    again = agent.post(f"/api/v1/agent/dossiers/{dossier}/decision", json=DECISION | {"decision": second})
    assert again.status_code == 409
    assert business.get(f"/api/v1/dossiers/{dossier}").json()["state"] == "accepte"


def test_contradictory_decisions_at_once_leave_one(stage, business, agent):
    dossier = claimed(stage, business, agent)

    def decide(decision):
        return agent.post(f"/api/v1/agent/dossiers/{dossier}/decision", json=DECISION | {"decision": decision})

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(decide, ["accepte", "refuse", "sans_suite"] * 2))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]


def test_only_the_agent_who_took_it_decides(stage, business, agent):
    dossier = claimed(stage, business, agent)
    other = stage.signed_in("agent")
    assert other.post(f"/api/v1/agent/dossiers/{dossier}/decision", json=DECISION).status_code == 403
    assert other.get(f"/api/v1/agent/dossiers/{dossier}").json()["state"] == "en_instruction"


def test_a_dossier_nobody_took_is_not_decided(stage, business, agent):
    dossier = stage.filed(business)["id"]
    assert agent.post(f"/api/v1/agent/dossiers/{dossier}/decision", json=DECISION).status_code == 409


@pytest.mark.parametrize("wrong", [{"decision": "en_construction"}, {"motivation": " "}, {"motivation": "\u0000"}])
def test_a_decision_without_reasons_or_of_another_kind_is_refused(stage, business, agent, wrong):
    dossier = claimed(stage, business, agent)
    assert agent.post(f"/api/v1/agent/dossiers/{dossier}/decision", json=DECISION | wrong).status_code == 422


def test_a_draft_is_its_authors_alone(business, agent, draft, key):
    dossier = business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
    assert agent.get(f"/api/v1/agent/dossiers/{dossier}").status_code == 404
    assert agent.get(f"/agent/dossiers/{dossier}").status_code == 404
    assert agent.get("/api/v1/agent/dossiers?state=brouillon").json()["items"] == []


AGENT_ROUTES = [
    ("GET", "/api/v1/agent/dossiers"),
    ("POST", "/api/v1/agent/dossiers/claim-next"),
    ("GET", "/api/v1/agent/dossiers/{id}"),
    ("POST", "/api/v1/agent/dossiers/{id}/decision"),
    ("GET", "/agent/dossiers"),
    ("POST", "/agent/dossiers/claim-next"),
    ("GET", "/agent/dossiers/{id}"),
    ("POST", "/agent/dossiers/{id}/decision"),
]


@pytest.mark.parametrize(("method", "path"), AGENT_ROUTES)
def test_a_business_may_not_do_agents_work(stage, business, method, path):
    dossier = stage.filed(business)["id"]
    answer = business.request(method, path.format(id=dossier), json=DECISION if method == "POST" else None)
    assert answer.status_code == 403


@pytest.mark.parametrize(("method", "path"), AGENT_ROUTES)
def test_nobody_signed_in_does_no_agents_work(stage, method, path):
    url = path.format(id="01a201c0-2811-75dc-b829-7aafc876811f")
    answer = stage.browser().request(method, url, json=DECISION if method == "POST" else None, follow_redirects=False)
    assert answer.status_code == (401 if path.startswith("/api/") else 303)


def test_an_agent_has_no_dossiers_of_a_business(agent, draft, key):
    assert agent.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).status_code == 403
    assert agent.get("/dossiers").status_code == 403


def test_the_queue_is_read_part_by_part_without_gap_or_repeat(stage, business, agent):
    while claim(agent).status_code == 200:
        continue
    filed = [stage.filed(business)["id"] for _ in range(5)]
    read, after = [], None
    while True:
        part = agent.get("/api/v1/agent/dossiers", params={"limit": 2} | ({"after": after} if after else {})).json()
        read += [item["id"] for item in part["items"]]
        after = part["next"]
        if after is None:
            break
    assert read == filed


def test_mine_only_lists_my_dossiers_only(stage, business):
    one, two = stage.signed_in("agent"), stage.signed_in("agent")
    mine, theirs = claimed(stage, business, one), claimed(stage, business, two)
    listed = one.get("/api/v1/agent/dossiers?state=en_instruction&mine=true").json()["items"]
    assert [item["id"] for item in listed] == [mine]
    assert theirs != mine
