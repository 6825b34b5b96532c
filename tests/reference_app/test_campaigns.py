"""A campaign from the list of firms to what it brought, through its pages, with a real mail server."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.parser import BytesHeaderParser
from html import unescape
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from chromium import NEEDED, opened, show, violations

from reference_app.campaigns.invitation import code_of, digest
from reference_app.campaigns.jobs import pace
from reference_app.dossiers.identifiers import is_siret
from reference_app.groups import GROUPS, GroupOfAgents
from reference_app.instruction import reach

LIMIT_S = 600
FIRMS = int(os.environ.get("PORTANCE_CAMPAIGN_FIRMS", "300"))
"""Firms that really get a mail; the whole campaign of 6 000 is run with PORTANCE_CAMPAIGN_FIRMS=6000."""


def sirets(count: int, start: int = 10_000_000) -> list[str]:
    """Numbers that pass the check of the register, of nobody."""
    found = []
    for number in range(start, start + count):
        stem = f"{number:08d}".ljust(13, "0")
        found.append(next(stem + digit for digit in "0123456789" if is_siret(stem + digit)))
    return found


def listing(firms: Sequence[str], domain: str) -> bytes:
    lines = [f"{siret};Entreprise {n};firm-{n}@{domain}" for n, siret in enumerate(firms)]
    return "\r\n".join(["siret;raison sociale;courriel", *lines]).encode("utf-8-sig")


def token_of(page: httpx.Response) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


class Agent:
    """An agent at the pages of campaigns."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.token = token_of(client.get("/agent/campaigns"))

    def begin(self, title: str = "Aide après la crue", key: str | None = None, **more: str) -> str:
        data = {"token": self.token, "title": title, "procedure": "emergency-aid", "key": key or str(uuid4()), **more}
        page = self.client.post("/agent/campaigns", data=data)
        assert page.status_code == 200
        return page.url.path

    def send_list(self, campaign: str, content: bytes) -> httpx.Response:
        files = {"token": (None, self.token.encode()), "file": ("firms.csv", content, "text/csv")}
        return self.client.post(f"{campaign}/lists", files=files)

    def post(self, path: str, **data: str) -> httpx.Response:
        return self.client.post(path, data={"token": self.token, **data})

    def filled(self, content: bytes) -> str:
        """A campaign whose list is confirmed, not started."""
        campaign = self.begin()
        read = self.send_list(campaign, content)
        assert read.status_code == 200, read.text
        assert self.post(f"{read.url.path}/confirm").status_code == 200
        return campaign

    def facts(self, campaign: str) -> dict[str, int]:
        page = self.client.get(campaign, params={"lang": "en"}).text
        found = re.findall(r"<dt>([^<]+)</dt><dd>([\d,]+)</dd>", page)
        return {name: int(value.replace(",", "")) for name, value in found}


@pytest.fixture
def mailing(staged, mailbox) -> Iterator[Any]:
    rates = {"mails_per_minute": 10_000_000, "invitations_per_minute": 1_000_000}
    with staged(smtp_url=mailbox.url, **rates) as stage:
        yield stage


@pytest.fixture
def agent(mailing) -> Agent:
    return Agent(mailing.signed_in("agent"))


@pytest.fixture
def domain() -> str:
    return f"{uuid4().hex}.example"


def code_in(message: Any) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"/invitations\?code=(\S+)", body.get_content())
    assert found is not None
    return found[1]


def waiting(database_url: str, campaign: str) -> int:
    query = "SELECT count(*) FROM invitation WHERE campaign_id = %s AND state = 'waiting'"
    with psycopg.connect(database_url) as connection:
        row = connection.execute(query, [campaign.rsplit("/", 1)[1]]).fetchone()
    assert row is not None
    return int(row[0])


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_list_is_shown_before_anything_is_added_and_may_be_sent_again(agent, domain):
    campaign = agent.begin()
    good, wrong = sirets(3), "73282932000075;Faux;a@b.fr"
    content = listing(good, domain) + f"\r\n{wrong}\r\n{good[0]};Encore;a@b.fr".encode()
    shown = agent.send_list(campaign, content)
    assert "This is no SIRET number" in shown.text
    assert "See line 2." in shown.text
    assert "Add these firms: 3" in shown.text
    assert agent.facts(campaign)["Firms in the campaign"] == 0
    to_mend = agent.client.get(f"{shown.url.path}/bad-lines.csv").text
    rows = list(csv.reader(io.StringIO(to_mend[1:]), delimiter=";"))
    assert rows[0] == ["Line", "What is wrong", "siret", "raison sociale", "courriel"]
    assert [(row[0], row[2:]) for row in rows[1:]] == [("5", wrong.split(";")), ("6", [good[0], "Encore", "a@b.fr"])]
    assert "This is no SIRET number" in rows[1][1]
    assert rows[2][1].endswith("See line 2.")
    for _ in range(2):
        assert "Firms added: 3." in agent.post(f"{shown.url.path}/confirm").text
    again = agent.send_list(campaign, content)
    assert "invited by this campaign already" in again.text
    assert "Add " not in again.text.split("<main")[1].split("<section")[0]
    assert agent.facts(campaign)["Firms in the campaign"] == 3
    mended = agent.send_list(campaign, to_mend.replace("73282932000075", "73282932000074").encode())
    assert "Add these firms: 1" in mended.text, "the file comes back as it was given out, mended"


def test_a_list_that_cannot_be_read_is_refused_beside_its_field(agent):
    campaign = agent.begin()
    for content, said in (
        (b"PK\x03\x04\0\0", "This file is no text"),
        (b"a;b\n1;2\n", "names no column for: SIRET"),
        (b"siret;nom;courriel\n" + b"x" * (5 * 1024 * 1024), "larger than 5 MB"),
        (b"", "holds no line"),
    ):
        page = agent.send_list(campaign, content)
        assert page.status_code == 422
        assert said in unescape(page.text)
        assert 'aria-invalid="true"' in page.text
    files = {"token": (None, b"of somebody else"), "file": ("firms.csv", b"x", "text/csv")}
    assert agent.client.post(f"{campaign}/lists", files=files).status_code == 403


def test_six_thousand_firms_are_read_shown_and_added_whole(agent, domain):
    content = listing(sirets(6000, 60_000_000), domain)
    shown = agent.send_list(agent.begin(), content)
    assert "Add these firms: 6,000" in shown.text
    assert "Firms added: 6,000." in agent.post(f"{shown.url.path}/confirm").text


def test_every_firm_gets_one_mail_though_the_worker_is_killed_on_the_way(agent, mailing, mailbox, domain, database_url):
    campaign = agent.filled(listing(sirets(FIRMS), domain))
    agent.post(f"{campaign}/state", state="running")
    settings = mailing.app.state.parts.settings
    values = {
        "PUBLIC_URL": mailing.url,
        "SESSION_SECRET": settings.session_secret.get_secret_value(),
        "CITIZEN_ISSUER": settings.citizen_issuer,
        "CITIZEN_CLIENT_ID": "reference",
        "CITIZEN_CLIENT_SECRET": "a secret of the test",
        "AGENT_ISSUER": settings.agent_issuer,
        "AGENT_CLIENT_ID": "reference",
        "AGENT_CLIENT_SECRET": "a secret of the test",
        "AGENT_SIRETS": "13002526500013",
        "SMTP_URL": mailbox.url,
        "MAILS_PER_MINUTE": 10_000_000,
        "INVITATIONS_PER_MINUTE": 1_000_000,
    }
    environment = {f"PORTANCE_REFERENCE_{name}": str(value) for name, value in values.items()}
    command = [sys.executable, "-m", "reference_app", "work", "--queues", "hours"]

    def worker() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env={**os.environ, **environment, "DATABASE_URL": database_url})

    kills = 0
    process = worker()
    try:
        for reached in (FIRMS // 6, FIRMS // 2):
            until(lambda reached=reached: len(mailbox.taken) >= reached)
            process.kill()
            process.wait(LIMIT_S)
            kills += 1
            with psycopg.connect(database_url) as connection:  # as if it had been silent for long enough
                connection.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
            process = worker()
        until(lambda: waiting(database_url, campaign) == 0)
    finally:
        process.kill()
        process.wait(LIMIT_S)
    names: dict[str, set[str]] = {}
    mails = [content for content in mailbox.contents() if domain.encode() in content]
    for message in map(BytesHeaderParser().parsebytes, mails):
        names.setdefault(message["To"], set()).add(message["Message-ID"])
    assert len(names) == FIRMS
    assert {len(each) for each in names.values()} == {1}, "a mail that left twice is the same to who gets it"
    assert len(mails) <= FIRMS + kills, "of a worker that is killed, one mail is on its way at most"
    assert agent.facts(campaign)["Invitations sent"] == FIRMS


def test_a_link_leads_to_the_form_filled_in_and_what_is_filed_is_summed_up(agent, mailing, mailbox, work, domain):
    siret = sirets(1, 20_000_000)[0]
    campaign = agent.filled(listing([siret], domain))
    agent.post(f"{campaign}/state", state="running")
    asyncio.run(work(mailing))
    (message,) = mailbox.to(f"firm-0@{domain}")
    assert message["Subject"] == "Aide après la crue"
    code = code_in(message)
    stranger = mailing.browser()
    page = stranger.get("/invitations", params={"code": code})
    assert siret not in page.text, "who holds the link alone learns nothing of the firm"
    assert f"firm-0@{domain}" not in page.text
    link = re.search(r'href="(/sign-in\?next=[^"]+)"', page.text)
    assert link is not None
    assert "/sign-in" in stranger.get("/invitations/form", params={"code": code}).url.path
    firm = mailing.signed_in("business")
    form = firm.get("/invitations/form", params={"code": code})
    for value in (siret, "Entreprise 0", f"firm-0@{domain}"):
        assert f'value="{value}"' in form.text
    other = mailing.signed_in("business").get("/invitations/form", params={"code": code})
    assert (other.status_code, siret in other.text) == (409, False)
    assert mailing.browser().get("/invitations", params={"code": f"{code}x"}).status_code == 404
    mailing.filed(firm, siret=siret, contact_email=f"firm-0@{domain}", amount=7000)
    shown = agent.client.get(f"{campaign}/answers").text
    facts = agent.facts(campaign)
    assert (facts["Opened the form"], facts["Filed a request"]) == (1, 1)
    assert "7,000" in unescape(shown)
    assert re.search(r"It is stopped\s*:?\s*1", unescape(re.sub("<[^>]+>", "", shown)))
    export = list(csv.DictReader(io.StringIO(agent.client.get(f"{campaign}/invitations.csv").text[1:]), delimiter=";"))
    assert [(row["SIRET number"], row["State"], bool(row["Filed on"])) for row in export] == [(siret, "sent", True)]


def test_a_firm_is_written_to_in_the_language_its_line_names(agent, mailing, mailbox, work, domain):
    campaign = agent.begin(title_en="Help after the flood")
    said = ["English", "français", "", "klingon"]
    lines = [f"{siret};Firm {n};firm-{n}@{domain};{said[n]}" for n, siret in enumerate(sirets(4, 90_000_000))]
    shown = agent.send_list(campaign, "\n".join(["siret;nom;courriel;langue", *lines]).encode())
    assert "Leave it empty where you do not know" in shown.text
    assert "klingon" in shown.text
    agent.post(f"{shown.url.path}/confirm")
    agent.post(f"{campaign}/state", state="running")
    asyncio.run(work(mailing))
    english, french, unknown = (mailbox.to(f"firm-{n}@{domain}")[0] for n in range(3))
    assert [mail["Subject"] for mail in (english, french, unknown)] == [
        "Help after the flood", "Aide après la crue", "Aide après la crue",
    ]  # fmt: skip
    texts = [mail.get_body(("plain",)).get_content() for mail in (english, french, unknown)]
    assert ["We did not file anything for you" in text for text in texts] == [True, False, False]
    assert ["This invitation in English:" in text for text in texts] == [False, False, True]
    page = mailing.browser("fr").get("/invitations", params={"code": code_in(unknown), "lang": "en"})
    assert "Help after the flood" in page.text
    assert 'lang="en"' in page.text


def test_the_button_pressed_twice_begins_one_campaign_and_another_form_is_not_lost(stage):
    agent = Agent(stage.signed_in("agent"))
    key, title = str(uuid4()), f"Campagne {uuid4()}"
    with ThreadPoolExecutor(2) as pool:
        begun = set(pool.map(lambda _: agent.begin(title, key), range(2)))
    assert len(begun) == 1
    assert agent.client.get("/agent/campaigns").text.count(title) == 1
    data = {"token": agent.token, "title": f"{title} bis", "procedure": "emergency-aid", "key": key}
    again = agent.client.post("/agent/campaigns", data=data)
    assert (again.status_code, f'value="{title} bis"' in again.text) == (422, True)


@NEEDED
def test_the_page_of_answers_has_no_violation_in_a_browser(stage, domain, database_url):
    """Of all pages alone it has nothing to look at before a firm that was invited has filed."""
    agent, firm, siret = Agent(stage.signed_in("agent")), stage.signed_in("business"), sirets(1, 99_000_000)[0]
    campaign = agent.filled(listing([siret], domain))
    with psycopg.connect(database_url) as connection:  # as if the mail had left
        of = [campaign.rsplit("/", 1)[1]]
        (invitation,) = connection.execute("SELECT id FROM invitation WHERE campaign_id = %s", of).fetchone()
        code = code_of(stage.app.state.parts.settings, invitation)
        sent = "UPDATE invitation SET state = 'sent', sent_at = now(), digest = %s WHERE id = %s"
        connection.execute(sent, [digest(code), invitation])
    assert firm.get("/invitations/form", params={"code": code}).status_code == 200
    stage.filed(firm, siret=siret, amount=7000)
    page = agent.client.get(f"{campaign}/answers").text
    assert page.count('class="bar"') == 4, "three answers to choose from, and one band of amounts"
    with opened() as browser:
        tab = browser.new_page()
        show(tab, f"{stage.url}{campaign}/answers", page)
        assert violations(tab) == []


API = "/api/v1/agent/campaigns"


def test_the_api_does_what_the_pages_do(agent, mailing, mailbox, work, domain, key):
    client, (siret, other) = agent.client, sirets(2, 95_000_000)
    wanted, again = {"title": "Aide", "procedure": "emergency-aid"}, key()
    made = [client.post(API, json=wanted, headers=again).raise_for_status().json() for _ in range(2)]
    assert made[0] == made[1]
    assert made[0]["state"] == "prepared"
    here = f"{API}/{made[0]['id']}"
    refused = client.post(f"{here}/lists", content=b"no;list\n1;2\n")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#")
    bad = f"1;Chez {domain};x@{domain}"
    sent = client.post(f"{here}/lists", content=listing([siret, other, siret], domain) + f"\r\n{bad}".encode())
    assert (sent.status_code, sent.json()["good"], sent.json()["bad"]) == (201, 2, 2)
    assert sent.json()["reasons"] == {"repeated": 1, "siret": 1}
    at = f"{here}/lists/{sent.json()['id']}"
    lines = client.get(f"{at}/bad-lines").json()
    assert [(one["line"], [m["reason"] for m in one["mistakes"]]) for one in lines["items"]] == [
        (4, ["repeated"]), (5, ["siret"]),
    ]  # fmt: skip
    assert lines["items"][1]["cells"] == bad.split(";")
    assert [one["line"] for one in client.get(f"{at}/bad-lines", params={"after": 4}).json()["items"]] == [5]
    for _ in range(2):
        assert client.post(f"{at}/confirm").json()["added"] == 2
    assert client.put(f"{here}/state", json={"state": "running"}).json()["state"] == "running"
    asyncio.run(work(mailing))
    firm = opened_by(mailing, code_in(mailbox.to(f"firm-0@{domain}")[0]))
    mailing.filed(firm, siret=siret, amount=7000)
    brought = client.get(f"{here}/answers").json()
    assert brought["reached"] | {"waiting": 0} == {
        "invited": 2, "waiting": 0, "sent": 2, "refused": 0, "declined": 0, "opened": 1, "filed": 1,
    }  # fmt: skip
    amounts = next(need for need in brought["needs"] if need["field"] == "amount")
    assert (amounts["total_eur"], amounts["bands"]) == (7000, [{"low": 5000, "high": 10000, "number": 1}])
    table = list(csv.reader(io.StringIO(client.get(f"{here}/answers.csv").text[1:]), delimiter=";"))
    assert ["How far it got", "Filed a request", "1"] in table
    assert ["It is stopped", "1"] in [row[1:] for row in table]
    assert siret in client.get(f"{here}/invitations.csv").text
    assert client.put(f"{here}/state", json={"state": "stopped"}).status_code == 200
    assert client.put(f"{here}/state", json={"state": "running"}).status_code == 409


def test_a_campaign_is_for_agents_of_its_procedure_alone(stage, domain, monkeypatch, database_url):
    """The rule stands in the statements: it holds as soon as a procedure has groups with members of their own."""
    agent = Agent(stage.signed_in("agent"))
    campaign = agent.filled(listing(sirets(1, 97_000_000), domain))
    file = agent.send_list(campaign, listing(sirets(1, 98_000_000), domain)).url.path
    group = "emergency-aid/north"
    made = GroupOfAgents(group, "emergency-aid", GROUPS["emergency-aid"].label, open=False)
    monkeypatch.setitem(GROUPS, group, made)
    monkeypatch.setattr(reach, "OPEN", ["holiday-aid"])
    monkeypatch.setattr(reach, "CLOSED", [group])
    reads = [campaign, f"{campaign}/answers", f"{campaign}/answers.csv", f"{campaign}/invitations.csv", file]
    writes = [(f"{campaign}/state", {"state": "running"}), (f"{campaign}/remind", {}), (f"{file}/confirm", {})]

    def statuses() -> set[int]:
        read = {agent.client.get(f"{at}{path}").status_code for path in reads for at in ("", "/api/v1")}
        return read | {agent.post(path, **data).status_code for path, data in writes}

    assert statuses() <= {404}
    assert agent.send_list(campaign, listing(sirets(1), domain)).status_code == 404
    begun = {"title": "Aide", "procedure": "emergency-aid"}
    answer = agent.client.post(API, json=begun, headers={"Idempotency-Key": str(uuid4())})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/procedure")
    assert campaign.rsplit("/", 1)[1] not in agent.client.get(API).text
    account = agent.client.get("/api/v1/me").json()["account"]
    with psycopg.connect(database_url) as connection:
        member = "INSERT INTO groupe_membre (agent_id, groupe, supervisor, added_at) VALUES (%s, %s, false, now())"
        connection.execute(member, [account, group])
    try:
        assert agent.client.get(f"/api/v1{campaign}").status_code == 200
    finally:
        with psycopg.connect(database_url) as connection:
            connection.execute("DELETE FROM groupe_membre WHERE groupe = %s", [group])


def test_who_declines_gets_no_reminder_and_no_later_campaign(agent, mailing, mailbox, work, domain):
    firms = sirets(3, 30_000_000)
    campaign = agent.filled(listing(firms, domain))
    agent.post(f"{campaign}/state", state="running")
    asyncio.run(work(mailing))
    (message,) = mailbox.to(f"firm-0@{domain}")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    one_click = message["List-Unsubscribe"].strip("<>")
    assert httpx.post(one_click, data={"List-Unsubscribe": "One-Click"}).status_code == 303
    mailing.filed(opened_by(mailing, code_in(mailbox.to(f"firm-1@{domain}")[0])), siret=firms[1])
    for _ in range(2):
        agent.post(f"{campaign}/remind")
        asyncio.run(work(mailing))
    assert [len(mailbox.to(f"firm-{n}@{domain}")) for n in range(3)] == [1, 1, 2], "who declined or filed is left alone"
    first, reminder = mailbox.to(f"firm-2@{domain}")
    assert code_in(first) == code_in(reminder)
    assert first["Message-ID"] != reminder["Message-ID"]
    later = agent.filled(listing(firms, domain))
    agent.post(f"{later}/state", state="running")
    asyncio.run(work(mailing))
    assert agent.facts(later)["Want no more mail"] == 1
    assert len(mailbox.to(f"firm-0@{domain}")) == 1


def opened_by(mailing: Any, code: str) -> httpx.Client:
    client = mailing.signed_in("business")
    assert client.get("/invitations/form", params={"code": code}).status_code == 200
    assert isinstance(client, httpx.Client)
    return client


def test_a_pause_holds_a_refusal_is_counted_and_a_stop_is_for_good(agent, mailing, mailbox, work, domain):
    campaign = agent.filled(listing(sirets(3, 40_000_000), domain))
    agent.post(f"{campaign}/state", state="running")
    agent.post(f"{campaign}/state", state="paused")
    asyncio.run(work(mailing))
    assert [mailbox.to(f"firm-{n}@{domain}") for n in range(3)] == [[], [], []]
    mailbox.answers += ["RCPT 550 no such user", "break off"]
    agent.post(f"{campaign}/state", state="running")
    asyncio.run(work(mailing))
    facts = agent.facts(campaign)
    assert (facts["Addresses that took no mail"], facts["Invitations to send"]) == (1, 2)
    agent.post(f"{campaign}/state", state="stopped")
    with psycopg.connect(mailing.app.state.parts.settings.database_url) as connection:
        connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name = 'campaigns:send'")
    asyncio.run(work(mailing))
    assert [mailbox.to(f"firm-{n}@{domain}") for n in range(3)] == [[], [], []]
    assert agent.post(f"{campaign}/state", state="running").status_code == 409
    assert agent.send_list(campaign, listing(sirets(1), domain)).status_code == 409


def test_an_address_that_is_put_off_holds_up_nobody_and_is_tried_again(agent, mailing, mailbox, work, domain):
    campaign = agent.filled(listing(sirets(3, 70_000_000), domain))
    mailbox.answers.append("RCPT 451 4.7.1 greylisted")
    agent.post(f"{campaign}/state", state="running")
    asyncio.run(work(mailing))
    assert [len(mailbox.to(f"firm-{n}@{domain}")) for n in range(3)] == [0, 1, 1]
    more = agent.send_list(campaign, listing(sirets(1, 80_000_000), f"more.{domain}"))
    agent.post(f"{more.url.path}/confirm")
    asyncio.run(work(mailing))
    assert len(mailbox.to(f"firm-0@more.{domain}")) == 1, "who comes later does not wait for the one that was put off"
    with psycopg.connect(mailing.app.state.parts.settings.database_url) as connection:  # as if the delay had passed
        connection.execute("UPDATE invitation SET not_before = now() WHERE not_before IS NOT NULL")
        moved = connection.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now()"
            " WHERE task_name = 'campaigns:send' AND args ->> 'campaign' = %s",
            [campaign.rsplit("/", 1)[1]],
        )
        assert moved.rowcount == 1, "a turn waits for the one that was put off"
    asyncio.run(work(mailing))
    assert [len(mailbox.to(f"firm-{n}@{domain}")) for n in range(3)] == [1, 1, 1]


def most_in_a_minute(count: int, seconds: float) -> int:
    """The most that leave within any 60 s when each turn sends ``count`` at once, at its earliest."""
    return count * (int(60 / seconds) + 1)


@pytest.mark.parametrize("per_minute", [1, 5, 11, 60, 200, 5000])
def test_no_minute_has_more_invitations_than_allowed_unless_the_pace_is_another(per_minute):
    count, seconds = pace(per_minute)
    assert most_in_a_minute(count, seconds) <= per_minute
    assert most_in_a_minute(count + per_minute, seconds) > per_minute


def test_a_turn_sends_what_it_allows_and_comes_back_later(staged, mailbox, work, domain):
    with staged(smtp_url=mailbox.url, mails_per_minute=10_000_000, invitations_per_minute=22) as stage:
        agent = Agent(stage.signed_in("agent"))
        campaign = agent.filled(listing(sirets(5, 50_000_000), domain))
        agent.post(f"{campaign}/state", state="running")
        asyncio.run(work(stage))
        assert sum(len(mailbox.to(f"firm-{n}@{domain}")) for n in range(5)) == 2
        facts = agent.facts(campaign)
        assert (facts["Invitations sent"], facts["Invitations to send"]) == (2, 3)
