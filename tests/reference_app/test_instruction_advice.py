"""Advice: who is asked sees what was chosen, until a date; the decision waits for nobody."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from html import unescape

import psycopg
import pytest

from reference_app.database import connect
from reference_app.dossiers.operations import broken_chains
from reference_app.instruction.advice import MOST_TRIES
from reference_app.jobs.queues import Queue
from reference_app.jobs.staging import stage as stage_job

QUESTION = {"question": "Le sinistre est-il plausible ?", "shown": ["need"], "days": 10}
GIVEN = {"opinion": "reserved", "said": "Plausible, sans preuve."}


@pytest.fixture(scope="module")
def business(stage):
    return stage.signed_in("business")


@pytest.fixture(scope="module")
def agent(stage):
    return stage.signed_in("agent", "asking-agent")


@pytest.fixture
def dossier(stage, business, agent) -> str:
    while agent.post("/api/v1/agent/dossiers/claim-next").status_code == 200:
        continue
    stage.filed(business, need="Inondation du 4 novembre")
    found = agent.post("/api/v1/agent/dossiers/claim-next").json()["id"]
    assert isinstance(found, str)
    return found


def ask(agent, dossier, key, expert):
    question = QUESTION | {"expert": expert}
    return agent.post(f"/api/v1/agent/dossiers/{dossier}/avis", json=question, headers=key())


def codes(agent, dossier) -> Iterator[tuple[str, str]]:
    page = agent.get(f"/agent/dossiers/{dossier}").text
    return iter(re.findall(r'href="(/avis/[0-9a-f-]+)".*?class="code">([A-Z0-9-]+)<', page))


def test_a_colleague_answers_on_their_pages_and_sees_only_what_was_chosen(stage, agent, dossier, key):
    colleague = stage.signed_in("agent", "asked-agent")
    asked = ask(agent, dossier, key, "Asked-Agent@example.org")
    assert asked.status_code == 201, asked.text
    mine = colleague.get("/api/v1/agent/avis").json()
    assert [one["id"] for one in mine] == [asked.json()["id"]]
    page = colleague.get(f"/agent/avis/{asked.json()['id']}").text
    assert "Inondation du 4 novembre" in page
    assert "Boulangerie" not in page
    assert "contact@example.fr" not in page
    assert agent.get(f"/agent/avis/{asked.json()['id']}").status_code == 404
    url = f"/api/v1/agent/avis/{asked.json()['id']}"
    assert agent.post(url, json=GIVEN).status_code == 404
    assert colleague.post(url, json=GIVEN).status_code == 204
    assert colleague.post(url, json=GIVEN).status_code == 404
    read = agent.get(f"/api/v1/agent/dossiers/{dossier}/avis").json()[0]
    assert (read["opinion"], read["said"]) == ("reserved", "Plausible, sans preuve.")
    assert agent.get(f"/api/v1/agent/dossiers/{dossier}").json()["advice_pending"] == 0


def test_somebody_outside_comes_in_with_a_code_that_works_once(stage, agent, dossier, key):
    ask(agent, dossier, key, "expert@ailleurs.example").raise_for_status()
    ((path, code),) = codes(agent, dossier)
    outside = stage.browser()
    assert "Inondation" not in outside.get(path).text
    assert outside.post(path, data={"code": "AAAA-AAAA-AAAA"}).status_code == 422
    inside = outside.post(path, data={"code": code.lower()})
    assert inside.status_code == 200
    assert "Inondation du 4 novembre" in inside.text
    assert "Boulangerie" not in inside.text
    wrong = outside.post(f"{path}/answer", data={"code": code, "said": "Je réfléchis."})
    assert wrong.status_code == 422
    assert "Je réfléchis." in unescape(wrong.text)
    assert outside.post(f"{path}/answer", data={"code": code, **GIVEN}).status_code == 200
    assert outside.post(path, data={"code": code}).status_code == 422
    assert "Plausible, sans preuve." in agent.get(f"/agent/dossiers/{dossier}").text


def test_whoever_guesses_codes_closes_the_door_for_the_right_one_too(stage, agent, dossier, key):
    ask(agent, dossier, key, "expert@ailleurs.example").raise_for_status()
    ((path, code),) = codes(agent, dossier)
    outside = stage.browser()
    for _ in range(MOST_TRIES):
        assert outside.post(path, data={"code": "BBBB-BBBB-BBBB"}).status_code == 422
    assert outside.post(path, data={"code": code}).status_code == 422


def test_an_advice_ends_at_its_date(stage, agent, dossier, key, database_url):
    ask(agent, dossier, key, "expert@ailleurs.example").raise_for_status()
    ((path, code),) = codes(agent, dossier)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE avis SET ends_on = current_date - 1 WHERE dossier_id = %s", (dossier,))
    assert stage.browser().post(path, data={"code": code}).status_code == 422


def test_a_decision_without_the_advice_is_said_in_the_log_and_nobody_is_waited_for(
    stage, agent, dossier, key, database_url
):
    ask(agent, dossier, key, "expert@ailleurs.example").raise_for_status()
    ((path, code),) = codes(agent, dossier)
    assert "has not come" in agent.get(f"/agent/dossiers/{dossier}").text
    assert dossier in [i["id"] for i in agent.get(IN_REVIEW).json()["items"]]
    decision = {"decision": "accepte", "motivation": "Perte établie."}
    agent.post(f"/api/v1/agent/dossiers/{dossier}/decision", json=decision).raise_for_status()
    late = stage.browser().post(f"{path}/answer", data={"code": code, **GIVEN})
    assert late.status_code == 409
    with psycopg.connect(database_url) as connection:
        log = connection.execute("SELECT payload FROM operation WHERE dossier_id = %s ORDER BY rank", (dossier,))
        payloads = [payload for (payload,) in log]
    assert "advice.asked" in payloads[-2]
    assert "decided.without_advice" in payloads[-1]
    assert asyncio.run(broken(database_url)) == []


IN_REVIEW = "/api/v1/agent/dossiers?state=en_instruction&waits=advice&limit=100"


async def broken(database_url):
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        return [problem async for _, problem in broken_chains(connection)]


def test_a_question_sent_twice_is_asked_once(agent, dossier, key):
    same = key()
    answers = [
        agent.post(f"/api/v1/agent/dossiers/{dossier}/avis", json=QUESTION | {"expert": "a@b.example"}, headers=same)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len(agent.get(f"/api/v1/agent/dossiers/{dossier}/avis").json()) == 1


@pytest.mark.parametrize(
    "wrong", [{"expert": "nobody"}, {"question": " "}, {"shown": ["head"]}, {"days": 61}, {"days": 0}]
)
def test_a_question_that_cannot_be_asked_is_refused(agent, dossier, key, wrong):
    question = QUESTION | {"expert": "a@b.example"} | wrong
    answer = agent.post(f"/api/v1/agent/dossiers/{dossier}/avis", json=question, headers=key())
    assert answer.status_code == 422


def test_only_who_has_the_dossier_under_review_asks(stage, dossier, key):
    other = stage.signed_in("agent")
    assert ask(other, dossier, key, "a@b.example").status_code == 403


def test_the_form_keeps_what_was_typed_beside_what_is_wrong(agent, dossier, form_action):
    page = agent.get(f"/agent/dossiers/{dossier}/avis")
    assert page.status_code == 200
    token, key = (re.search(rf'name="{n}" value="([^"]+)"', page.text)[1] for n in ("token", "key"))
    typed = {"token": token, "key": key, "expert": "no address", "question": "Pourquoi ?", "shown": "need", "days": "9"}
    back = agent.post(f"/agent/dossiers/{dossier}/avis", data=typed)
    assert back.status_code == 422
    assert "Pourquoi ?" in back.text
    assert re.search(r'value="need" checked', back.text)
    sent = agent.post(f"/agent/dossiers/{dossier}/avis", data=typed | {"expert": "a@b.example"})
    assert sent.status_code == 200
    assert "Not given yet" in sent.text


def test_the_code_comes_by_mail_and_one_reminder_before_the_end(staged, mailbox, work, key):
    with staged(smtp_url=mailbox.url, mails_per_minute=60_000) as mailing:
        business, agent = mailing.signed_in("business"), mailing.signed_in("agent")
        while agent.post("/api/v1/agent/dossiers/claim-next").status_code == 200:
            continue
        mailing.filed(business)
        dossier = agent.post("/api/v1/agent/dossiers/claim-next").json()["id"]
        asked = agent.post(
            f"/api/v1/agent/dossiers/{dossier}/avis",
            json=QUESTION | {"expert": "by-mail@ailleurs.example", "days": 3},
            headers=key(),
        ).json()
        asyncio.run(work(mailing))
        (mail,) = mailbox.to("by-mail@ailleurs.example")
        text = str(mail.get_body(("plain",)).get_content())
        assert "sinistre" not in text
        assert list(codes(agent, dossier)) == []
        code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}", text)
        link = re.search(r"http://127\.0\.0\.1:\d+(/avis/\S+)", text)
        for _ in range(2):
            asyncio.run(remind(mailing.app.state.parts.settings.database_url))
            asyncio.run(work(mailing))
        assert [m["Subject"] for m in mailbox.to("by-mail@ailleurs.example")] == [
            "Un avis vous est demandé",
            "Rappel\u202f: un avis vous est demandé",
        ]
        path = link[1]
        assert path == f"/avis/{asked['id']}"
        assert mailing.browser().post(f"{path}/answer", data={"code": code[0], **GIVEN}).status_code == 200


async def remind(database_url):
    async with connect(database_url) as connection:
        await stage_job(connection, "instruction:remind_experts", {"timestamp": 0}, queue=Queue.MINUTES)
