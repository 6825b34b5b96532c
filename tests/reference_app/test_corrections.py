"""What passes between the author of a filed dossier and the agents: changes, corrections, messages, withdrawal."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from types import SimpleNamespace
from uuid import uuid4

import psycopg
import pytest

from reference_app.dossiers.corrections import Correction, Reason, decides_on
from reference_app.dossiers.operations import broken_chains
from reference_app.procedure import PROCEDURES, filing_of

WANTED = {"reason": "incomplete", "said": "Il manque le montant des pertes."}
DECISION = {"decision": "accepte", "motivation": "Perte établie."}


@pytest.fixture(scope="module")
def agent(stage):
    return stage.signed_in("agent")


@pytest.fixture(scope="module")
def business(stage):
    return stage.signed_in("business")


def mine(dossier: str) -> str:
    return f"/api/v1/dossiers/{dossier}"


def theirs(dossier: str) -> str:
    return f"/api/v1/agent/dossiers/{dossier}"


def emptied(agent) -> None:
    while agent.post("/api/v1/agent/dossiers/claim-next").status_code == 200:
        continue


def claimed(stage, business, agent) -> str:
    emptied(agent)
    dossier = stage.filed(business)["id"]
    assert agent.post("/api/v1/agent/dossiers/claim-next").json()["id"] == dossier
    return dossier


def chains(database_url: str) -> list[str]:
    async def look() -> list[str]:
        async with await psycopg.AsyncConnection.connect(database_url) as connection:
            return [problem async for _, problem in broken_chains(connection)]

    return asyncio.run(look())


def test_a_correction_goes_to_the_author_and_back_and_the_log_adds_up(stage, business, agent, draft, database_url):
    dossier = claimed(stage, business, agent)
    before = business.get(mine(dossier)).json()
    asked = agent.post(f"{theirs(dossier)}/correction", json=WANTED).raise_for_status().json()
    assert (asked["state"], asked["correction_asked_at"] is None) == ("en_construction", False)
    assert agent.post("/api/v1/agent/dossiers/claim-next").status_code == 204  # it waits for its author
    (pending,) = business.get(f"{mine(dossier)}/corrections").json()
    assert (pending["said"], pending["resolved_at"]) == (WANTED["said"], None)
    put = f"/api/v1/procedures/emergency-aid/dossiers/{dossier}"
    assert business.put(put, json=draft | {"need": ""}).status_code == 422
    mended = business.put(put, json=draft | {"amount": 7000}).raise_for_status().json()
    assert (mended["answers"]["amount"], mended["receipt"]) == (7000, before["receipt"])
    back = business.post(f"{mine(dossier)}/corrected").raise_for_status().json()
    assert back["correction_asked_at"] is None
    assert business.post(f"{mine(dossier)}/corrected").status_code == 409
    assert agent.post("/api/v1/agent/dossiers/claim-next").json()["answers"]["amount"] == 7000
    history = agent.get(theirs(dossier)).json()["history"]
    assert [step["state"] for step in history][-3:] == ["en_instruction", "en_construction", "en_instruction"]
    assert history[-2]["motivation"] == WANTED["said"]
    assert chains(database_url) == []


def test_one_correction_is_pending_at_most_whoever_asks(stage, business, agent):
    dossier = claimed(stage, business, agent)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: agent.post(f"{theirs(dossier)}/correction", json=WANTED), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(business.get(f"{mine(dossier)}/corrections").json()) == 1
    business.post(f"{mine(dossier)}/withdraw").raise_for_status()  # or it would stand in the queue of other tests


def test_another_agent_asks_nothing_and_another_business_sends_nothing_back(stage, business, agent, key):
    dossier = claimed(stage, business, agent)
    other, stranger = stage.signed_in("agent"), stage.signed_in("business")
    assert other.post(f"{theirs(dossier)}/correction", json=WANTED).status_code == 403
    agent.post(f"{theirs(dossier)}/correction", json=WANTED).raise_for_status()
    for path in ("corrected", "withdraw"):
        assert stranger.post(f"{mine(dossier)}/{path}").status_code == 404
    for path in ("corrections", "messages"):
        assert stranger.get(f"{mine(dossier)}/{path}").status_code == 404
    assert stranger.post(f"{mine(dossier)}/messages", json={"text": "moi"}, headers=key()).status_code == 404
    business.post(f"{mine(dossier)}/withdraw").raise_for_status()


def test_what_is_under_review_is_neither_changed_nor_filed_again_nor_deleted(stage, business, agent, draft, key):
    dossier = claimed(stage, business, agent)
    assert business.put(f"/api/v1/procedures/emergency-aid/dossiers/{dossier}", json=draft).status_code == 409
    assert business.post(f"{mine(dossier)}/file", headers=key()).status_code == 409
    assert business.delete(mine(dossier)).status_code == 409
    assert business.get(f"/dossiers/{dossier}/edit").status_code == 409


@pytest.mark.parametrize(
    ("reason", "decides"),
    [
        (Reason.INCORRECT, date(2027, 1, 28)),
        (Reason.OUTDATED, date(2027, 1, 28)),
        (Reason.INCOMPLETE, date(2027, 2, 6)),
    ],
)
def test_the_time_a_correction_takes_is_the_authors(reason, decides):
    """Asked on 30 November, sent back on 5 December: five days more; what was incomplete starts two months anew."""
    asked, done = datetime(2026, 11, 30, 12, tzinfo=UTC), datetime(2026, 12, 5, 12, tzinfo=UTC)
    correction = Correction(id=uuid4(), reason=reason, said="x", asked_at=asked, resolved_at=done)
    dossier = SimpleNamespace(silence_on=date(2027, 1, 23), filing=filing_of(PROCEDURES["emergency-aid"]))
    assert decides_on(dossier, correction) == decides


def test_a_withdrawn_dossier_is_closed_and_kept(stage, business, agent, database_url):
    emptied(agent)
    dossier = stage.filed(business)["id"]
    gone = business.post(f"{mine(dossier)}/withdraw").raise_for_status().json()
    assert (gone["state"], gone["withdrawn_at"] is None) == ("sans_suite", False)
    assert business.post(f"{mine(dossier)}/withdraw").status_code == 409
    assert agent.post("/api/v1/agent/dossiers/claim-next").status_code == 204
    assert agent.post(f"{theirs(dossier)}/reopen", json={"motivation": "Erreur."}).status_code == 409
    taken = claimed(stage, business, agent)
    business.post(f"{mine(taken)}/withdraw").raise_for_status()
    assert agent.post(f"{theirs(taken)}/decision", json=DECISION).status_code == 409
    assert chains(database_url) == []


def test_a_decided_dossier_is_reopened_with_reasons_and_decided_again(stage, business, agent, database_url):
    dossier = claimed(stage, business, agent)
    assert agent.post(f"{theirs(dossier)}/reopen", json={"motivation": "x"}).status_code == 409
    agent.post(f"{theirs(dossier)}/decision", json=DECISION | {"decision": "refuse"}).raise_for_status()
    assert business.post(f"{mine(dossier)}/withdraw").status_code == 409
    other = stage.signed_in("agent")
    reopened = other.post(f"{theirs(dossier)}/reopen", json={"motivation": "Recours reçu."}).raise_for_status().json()
    assert (reopened["state"], reopened["motivation"], reopened["decided_at"]) == ("en_instruction", None, None)
    other.post(f"{theirs(dossier)}/decision", json=DECISION).raise_for_status()
    history = agent.get(theirs(dossier)).json()["history"]
    assert [(step["state"], step["motivation"]) for step in history][-3:] == [
        ("refuse", "Perte établie."),
        ("en_instruction", "Recours reçu."),
        ("accepte", "Perte établie."),
    ]
    assert chains(database_url) == []


def test_messages_go_both_ways_once_and_in_order(stage, business, agent, draft, key):
    dossier = stage.filed(business)["id"]
    same = key()
    for _ in range(2):
        sent = business.post(f"{mine(dossier)}/messages", json={"text": "Où en est-on ?"}, headers=same)
        assert sent.status_code == 201
    agent.post(f"{theirs(dossier)}/messages", json={"text": "Cette semaine."}, headers=key()).raise_for_status()
    for client, path in ((business, mine(dossier)), (agent, theirs(dossier))):
        said = [(one["from_agent"], one["text"]) for one in client.get(f"{path}/messages").json()]
        assert said == [(False, "Où en est-on ?"), (True, "Cette semaine.")]
    assert business.get(mine(dossier)).json()["messages"] == 2
    unsent = business.post("/api/v1/procedures/emergency-aid/dossiers", json=draft, headers=key()).json()["id"]
    assert business.post(f"{mine(unsent)}/messages", json={"text": "Allô"}, headers=key()).status_code == 409
    assert business.post(f"{mine(dossier)}/messages", json={"text": "a\u0000b"}, headers=key()).status_code == 422


def hidden(page) -> dict[str, str]:
    """Hidden fields of the last form of a page: its token is everyone's, its key its own."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def test_the_whole_exchange_works_with_forms_alone(stage, business, agent, draft):
    dossier = claimed(stage, business, agent)
    there, here = f"/agent/dossiers/{dossier}", f"/dossiers/{dossier}"
    form = hidden(agent.get(there))
    wrong = agent.post(f"{there}/correction", data=form | {"said": "Il manque tout.\u202e"})
    assert wrong.status_code == 422
    assert 'id="reason-error"' in wrong.text
    assert "Il manque tout." in wrong.text
    shown = agent.post(f"{there}/correction", data=form | WANTED)
    assert "Waiting for a correction" in shown.text
    page = business.get(here)
    assert "We need something from you" in page.text
    assert WANTED["said"] in page.text
    edit = business.get(f"{here}/edit")
    assert "This request is filed" in edit.text
    answers = {name: str(value) for name, value in draft.items()}
    business.post(f"{here}/edit", data=hidden(edit) | answers | {"amount": "6000"}).raise_for_status()
    assert "We need something from you" not in business.post(f"{here}/corrected", data=hidden(page)).text
    empty = business.post(f"{here}/messages", data=hidden(page) | {"text": "  "})
    assert (empty.status_code, 'id="text-error"' in empty.text) == (422, True)
    form = hidden(business.get(here)) | {"text": "C’est fait."}
    for _ in range(2):  # a double click
        assert business.post(f"{here}/messages", data=form).status_code == 200
    assert agent.get(there).text.count("C’est fait.") == 1
    assert "closed without a decision" in business.get(f"{here}/withdraw").text
    gone = business.post(f"{here}/withdraw", data=hidden(page))
    assert "You withdrew this request" in gone.text
    assert "Withdrawn by its author." in gone.text
    assert "withdrew this request" in agent.get(there).text


def test_a_form_of_another_site_changes_nothing(stage, business, agent):
    dossier = stage.filed(business)["id"]
    for path in ("withdraw", "corrected", "messages"):
        assert business.post(f"/dossiers/{dossier}/{path}", data={"token": "0" * 64, "text": "x"}).status_code == 403
    assert business.get(mine(dossier)).json()["state"] == "en_construction"
