"""News by mail, with a real mail server that takes, refuses, is silent, breaks off; nobody is told twice or never."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from itertools import pairwise
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from reference_app.dossiers.receipt import LEGAL_TIME
from reference_app.notifications import letters, mailer
from reference_app.notifications.letters import Letter
from reference_app.notifications.mailer import ByServer, NotNow, Refused, server_of
from reference_app.notifications.news import LABELS, WORDS, News
from reference_app.procedure import PROCEDURES

LINK = re.compile(r"http://127\.0\.0\.1:\d+/\S+")


@pytest.fixture
def mailing(staged, mailbox) -> Iterator[Any]:
    with staged(smtp_url=mailbox.url, mails_per_minute=60_000) as stage:
        yield stage


@pytest.fixture
def address() -> str:
    return f"{uuid4().hex}@example.fr"


def states(database_url: str, dossier: str) -> list[tuple[str, str, int | None]]:
    query = "SELECT news, state, code FROM notification WHERE dossier_id = %s ORDER BY id"
    with psycopg.connect(database_url) as connection:
        return [(news, state, code) for news, state, code in connection.execute(query, [dossier])]


def due_again(database_url: str) -> None:
    """As if the delay of every job that is to be tried again had passed."""
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name = 'notifications:send'")


def text_of(message: Any, kind: str = "plain") -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_filing_correction_message_and_decision_are_told_in_the_language_of_the_person(mailing, mailbox, work, address):
    person, agent = mailing.signed_in("business", language="fr"), mailing.signed_in("agent")
    filed = mailing.filed(person, contact_email=address, company_name="Secret & fils", need="Rien que nous deux")
    dossier = filed["id"]
    with psycopg.connect(mailing.app.state.parts.settings.database_url) as connection:
        connection.execute(
            "UPDATE dossier SET state = 'en_instruction', claimed_at = now(), agent_id ="
            " (SELECT id FROM account WHERE provider = 'agent' ORDER BY id DESC LIMIT 1) WHERE id = %s",
            [dossier],
        )
    where = f"/api/v1/agent/dossiers/{dossier}"
    headers = {"Idempotency-Key": str(uuid4())}
    agent.post(f"{where}/messages", json={"text": "Bonjour."}, headers=headers).raise_for_status()
    decision = {"decision": "accepte", "motivation": "Raison très privée."}
    agent.post(f"{where}/decision", json=decision).raise_for_status()
    asyncio.run(work(mailing))
    mails = mailbox.to(address)
    number = filed["receipt"]["number"]
    assert [mail["Subject"] for mail in mails] == [
        f"Votre demande {number} est déposée",
        f"Un message au sujet de votre demande {number}",
        f"Votre demande {number} a reçu une décision",
    ]
    assert len({mail["Message-ID"] for mail in mails}) == 3
    for mail in mails:
        said = text_of(mail) + text_of(mail, "html")
        assert {match.rstrip('"<') for match in LINK.findall(text_of(mail))} == {f"{mailing.url}/dossiers/{dossier}"}
        assert not re.search("Secret|Rien que nous deux|Bonjour|privée|FR76", said)
        assert "List-Unsubscribe" not in mail
        assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "fr")
    page = person.get(f"/dossiers/{dossier}").text
    assert page.count("envoyé le") == 3
    assert page.count("envoyé le") == agent.get(f"/agent/dossiers/{dossier}?lang=fr").text.count("envoyé le")


def test_what_is_not_committed_is_not_told_and_without_mail_nothing_is_kept(
    stage, mailing, mailbox, work, address, key
):
    person = mailing.signed_in("business")
    assert mailing.filed(person, contact_email=address)
    draft = person.post("/api/v1/procedures/emergency-aid/dossiers", json={"contact_email": address}, headers=key())
    refused = person.post(f"/api/v1/dossiers/{draft.json()['id']}/file", headers=key())
    assert refused.status_code == 422
    silent = stage.filed(stage.signed_in("business"), contact_email=address)
    asyncio.run(work(mailing))
    assert len(mailbox.to(address)) == 1
    assert states(stage.app.state.parts.settings.database_url, silent["id"]) == []


def test_an_address_that_is_refused_is_not_tried_again_and_both_sides_see_it(
    mailing, mailbox, work, address, database_url
):
    person, agent = mailing.signed_in("business"), mailing.signed_in("agent")
    dossier = mailing.filed(person, contact_email=address)["id"]
    mailbox.answers.append("RCPT 550 5.1.1 no such user")
    asyncio.run(work(mailing))
    due_again(database_url)
    asyncio.run(work(mailing))
    assert mailbox.to(address) == []
    assert states(database_url, dossier) == [("filed", "refused", 550)]
    for page in (person.get(f"/dossiers/{dossier}"), agent.get(f"/agent/dossiers/{dossier}")):
        assert "the address took no mail" in page.text


@pytest.mark.parametrize("answer", ["451 4.7.1 later", "RCPT 450 mailbox busy", "break off"])
def test_what_may_pass_is_tried_again_later_and_sent_once(mailing, mailbox, work, address, database_url, answer):
    dossier = mailing.filed(mailing.signed_in("business"), contact_email=address)["id"]
    mailbox.answers.append(answer)
    asyncio.run(work(mailing))
    assert states(database_url, dossier) == [("filed", "waiting", None)]
    due_again(database_url)
    asyncio.run(work(mailing))
    asyncio.run(work(mailing))
    assert states(database_url, dossier) == [("filed", "sent", None)]
    assert len(mailbox.to(address)) == 1


def test_a_server_that_dies_after_taking_a_mail_gets_it_again_under_the_same_name(mailing, mailbox, work, address):
    mailing.filed(mailing.signed_in("business"), contact_email=address)
    mailbox.answers.append("take it and break off")
    asyncio.run(work(mailing))
    due_again(mailing.app.state.parts.settings.database_url)
    asyncio.run(work(mailing))
    first, second = mailbox.to(address)
    assert first["Message-ID"] == second["Message-ID"]


def test_mails_share_a_connection_and_keep_their_distance_unless_the_rate_is_unbounded(mailbox):
    def sent(per_minute: int) -> float:
        async def run() -> None:
            box = ByServer(server_of(mailbox.url), per_minute)
            for number in range(6):
                message = letters.EmailMessage()
                message["From"], message["To"], message["Subject"] = "a@example.fr", "b@example.fr", str(number)
                await box.send(message)
            await box.close()

        mailbox.taken.clear()
        asyncio.run(run())
        return min(later - earlier for (earlier, _), (later, _) in pairwise(mailbox.taken))

    assert sent(600) >= 0.08, "ten a second, less what a clock may be out by"
    assert mailbox.connections == 1
    assert sent(10_000_000) < 0.08, "the control: without a bound they are closer"


def test_a_server_that_is_away_or_silent_is_left_alone_for_a_while(monkeypatch):
    monkeypatch.setattr(mailer, "TIMEOUT_S", 0.3)

    async def run() -> list[str]:
        attempts, gone = 0, asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal attempts
            attempts += 1
            await reader.read()
            writer.close()
            await writer.wait_closed()
            gone.set()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        box, said = ByServer(server_of(f"smtp://127.0.0.1:{port}"), 60_000), []
        message = letters.EmailMessage()
        message["From"], message["To"] = "a@example.fr", "b@example.fr"
        for _ in range(3):
            try:
                await box.send(message)
            except NotNow as error:
                said.append(str(error))
        server.close()
        await asyncio.wait_for(gone.wait(), 30)
        assert attempts == 1
        return said

    reached, *left_alone = asyncio.run(run())
    assert "cannot be reached" in reached
    assert left_alone == ["the mail server did not answer a moment ago"] * 2


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://127.0.0.1:25", ("127.0.0.1", 25, False, None, None)),
        ("smtp://u:p%40ss@mail.example", ("mail.example", 25, False, True, "p@ss")),
        ("smtp+starttls://u:p@mail.example", ("mail.example", 587, False, True, "p")),
        ("smtps://u:p@mail.example", ("mail.example", 465, True, False, "p")),
    ],
)
def test_a_password_is_only_sent_encrypted(url, expected):
    found = server_of(url)
    assert (found.host, found.port, found.tls, found.start_tls, found.password) == expected


@pytest.mark.parametrize("to", ["a@b.fr\r\nBcc: c@d.fr", "a@b.fr\nBcc: c@d.fr", "no address", "a@b.fr, c@d.fr", ""])
def test_no_address_can_add_a_header(stage, to):
    letter = a_letter(stage, "A subject\r\nBcc: c@d.fr")
    with pytest.raises(Refused):
        letters.compose(stage.app.state.parts, letter, to, uuid4(), "news", datetime.now(UTC))
    fine = letters.compose(stage.app.state.parts, letter, "a@example.fr", uuid4(), "news", datetime.now(UTC))
    assert (fine["Subject"], fine["Bcc"]) == ("A subject Bcc: c@d.fr", None)


def a_letter(stage: Any, subject: str) -> Letter:
    known = PROCEDURES["emergency-aid"]
    return Letter(
        subject=subject,
        paragraphs=["<b>One</b>"],
        link="https://aides.example/x",
        link_says="Open it:",
        language="en",
        service=known.service,
        contact=known.contact,
    )


def test_a_mail_has_the_same_words_as_text_and_as_html_escaped(stage):
    mail = letters.compose(stage.app.state.parts, a_letter(stage, "x"), "a@b.fr", uuid4(), "news", datetime.now(UTC))
    assert "<b>One</b>" in text_of(mail)
    assert "&lt;b&gt;One&lt;/b&gt;" in text_of(mail, "html")


def test_names_and_subjects_arrive_as_they_were_written(stage):
    subject = (
        "L’aide d’urgence à l’Économie\u202f: 5\u00a0000\u202f€ pour les petites entreprises de l’Île, et d’ailleurs"
    )
    mail = letters.compose(
        stage.app.state.parts, a_letter(stage, subject), "a@b.fr", uuid4(), "news", datetime.now(UTC)
    )
    read = message_from_bytes(bytes(mail), policy=SMTP)
    assert read["Subject"] == subject
    assert read["From"].addresses[0].display_name == PROCEDURES["emergency-aid"].service.en
    assert max(map(len, bytes(mail).splitlines())) <= 998


def test_every_kind_of_news_has_words_and_a_label():
    assert set(WORDS) == set(LABELS) == set(News)


def test_a_person_chooses_where_news_goes_and_what_was_typed_comes_back(mailing, address, form_action):
    person = mailing.signed_in("business", f"person-{uuid4().hex}")
    page = person.get("/correspondence")
    token = re.search(r'name="token" value="([^"]+)"', page.text)
    assert token is not None
    wrong = person.post("/correspondence", data={"token": token[1], "email": "no address", "language": "en"})
    assert wrong.status_code == 422
    assert 'value="no address"' in wrong.text
    done = person.post("/correspondence", data={"token": token[1], "email": address, "language": "en"})
    assert "Your choice is saved." in done.text
    assert f'value="{address}"' in done.text
    assert person.post("/correspondence", data={"email": address, "language": "en"}).status_code == 403


def test_the_page_says_so_where_no_mail_is_set_up(stage):
    assert stage.signed_in("business").get("/correspondence").status_code == 404


def test_who_is_expected_tomorrow_is_reminded_once(mailing, mailbox, work, database_url):
    person = mailing.signed_in("business", f"person-{uuid4().hex}")
    address = f"{uuid4().hex}@example.fr"
    token = re.search(r'name="token" value="([^"]+)"', person.get("/correspondence").text)
    assert token is not None
    person.post("/correspondence", data={"token": token[1], "email": address, "language": "en"}).raise_for_status()
    noon = datetime.now(LEGAL_TIME).replace(hour=12, minute=0) + timedelta(days=1)
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "WITH l AS (INSERT INTO lieu (name, address) VALUES (%s, 'Quai 1') RETURNING id)"
            " INSERT INTO creneau (procedure, lieu_id, starts_at, minutes, capacity)"
            " SELECT 'masks', id, %s, 15, 2 FROM l RETURNING id",
            [uuid4().hex, noon],
        ).fetchone()
    assert row is not None
    booking = {"creneau": str(row[0]), "name": "Camille Martin"}
    person.post("/api/v1/rendez-vous", json=booking, headers={"Idempotency-Key": str(uuid4())}).raise_for_status()
    for _ in range(2):
        with psycopg.connect(database_url) as connection:
            connection.execute(
                "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('minutes', 'notifications:tomorrow', 0, NULL, NULL,"
                " '{\"timestamp\": 0}', NULL)::procrastinate_job_to_defer_v1])"
            )
        asyncio.run(work(mailing))
    subjects = [mail["Subject"] for mail in mailbox.to(address)]
    assert [re.sub(r"RV-\d+", "RV", subject) for subject in subjects] == [
        "Your appointment RV",
        "Your appointment RV is tomorrow",
    ]
    assert "12:00" in text_of(mailbox.to(address)[1])
