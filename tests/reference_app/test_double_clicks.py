"""The same form sent twice at the same moment, by every form that makes something: one thing is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any, LiteralString
from uuid import uuid4

import httpx
import psycopg
import pytest
from html_forms import forms_of
from inhabited import CORRECTION, QUESTION, REFUSAL
from psycopg import sql

from reference_app.appointments.days import day_of


@dataclass(frozen=True)
class Case:
    """Where a form leads, as a pattern of things; what is counted in the database; what is typed; where it stands.

    ``again`` is how the second is answered: with the same page, or with what stands by now and a sentence.
    """

    action: str
    counted: LiteralString
    typed: dict[str, Any] = field(default_factory=dict)
    page: str | None = None
    who: str = "agent"
    again: int = 200


REVIEW, DECIDED = "/agent/dossiers/{review}", "/agent/dossiers/{decided}"
PERSON = {"person": "Jeanne Petit"}
SLOT = {"lieu": "{lieu}", "day": "{day}", "begin": "14:00", "end": "15:00", "minutes": "60"}
ADVICE = QUESTION | {"expert": "a@example.org"}
CASES = {
    "a draft": Case("/dossiers", "dossier", {"need": "Feu"}, "/dossiers/new?procedure=emergency-aid", "business"),
    "a filing": Case("/dossiers/{draft}/file", "operation", {}, "/dossiers/{draft}", "business"),
    "a message": Case("/dossiers/{dossier}/messages", "message", {"text": "Oui"}, "/dossiers/{dossier}", "business"),
    "an appointment": Case("/creneaux/{creneau}", "rendez_vous", who="stranger"),
    "what a code leads to": Case(
        "/dossiers/claim", "counter_code WHERE used_at IS NOT NULL", {"code": "{begun}"}, who="business"
    ),
    "a claim": Case("/agent/dossiers/claim-next", "dossier WHERE agent_id IS NOT NULL", page="/agent/dossiers"),
    "an agent's message": Case(f"{REVIEW}/messages", "message", {"text": "Oui"}, REVIEW),
    "advice": Case(f"{REVIEW}/avis", "avis", ADVICE),
    "a correction": Case(f"{REVIEW}/correction", "correction", CORRECTION, REVIEW, again=409),
    "a decision": Case(f"{DECIDED}/decision", "dossier WHERE decided_at IS NOT NULL", REFUSAL, DECIDED, again=409),
    "an export": Case("/agent/exports", "export"),
    "a mandate": Case("/agent/mandats", "mandat", PERSON),
    "a mandate for a dossier": Case(
        "/agent/mandats/continue", "mandat", PERSON | {"code": "{shown}"}, "/agent/mandats"
    ),
    "a draft at the counter": Case("/agent/mandats/{mandat}/new", "dossier", {"need": "Feu"}),
    "a place": Case("/agent/lieux", "lieu", {"name": "Salle neuve", "address": "1, rue Haute"}, "/agent/creneaux"),
    "a slot": Case("/agent/creneaux", "creneau", SLOT),
    "a campaign": Case("/agent/campaigns", "campaign", {"title": "Rentrée"}),
}


@pytest.fixture(scope="module")
def things(inhabited: Any) -> dict[str, str]:
    """What the cases name, made anew so that each is in the state its form is for."""
    business, agent = inhabited.people["business"], inhabited.people["agent"]
    drafts = "/api/v1/procedures/emergency-aid/dossiers"
    answers = business.get(f"/api/v1/dossiers/{inhabited.things['dossier'][0]}").json()["answers"]

    def made(client: httpx.Client, method: str, path: str, **body: Any) -> Any:
        answer = client.request(method, path, headers={"Idempotency-Key": str(uuid4())}, **body)
        return answer.raise_for_status().json()

    def filed() -> str:
        new = made(business, "POST", drafts, json=answers)["id"]
        return str(made(business, "POST", f"/api/v1/dossiers/{new}/file")["id"])

    found = {name: inhabited.things[name][0] for name in ("mandat", "lieu", "creneau")}
    found["draft"] = made(business, "POST", drafts, json=answers)["id"]
    while (taken := agent.post("/api/v1/agent/dossiers/claim-next")).status_code == 200:
        found["review"] = taken.json()["id"]
    for name in ("review", "decided"):
        found[name] = filed()
        agent.post("/api/v1/agent/dossiers/claim-next").raise_for_status()
    found["dossier"] = filed()
    found["shown"] = made(business, "POST", f"/api/v1/dossiers/{found['dossier']}/code")["code"]
    counter = f"/api/v1/agent/mandats/{found['mandat']}"
    begun = made(agent, "POST", f"{counter}/emergency-aid/dossiers", json=answers)["id"]
    found["begun"] = made(agent, "POST", f"{counter}/dossiers/{begun}/code")["code"]
    found["day"] = (day_of(datetime.now(UTC)) + timedelta(days=2)).isoformat()
    return found


@pytest.fixture(scope="module")
def counted(inhabited: Any) -> Callable[[LiteralString], int]:
    """How many rows there are of something, in a database that nobody else looks at."""
    url = inhabited.app.state.parts.settings.database_url

    def count(what: LiteralString) -> int:
        with psycopg.connect(url) as connection:
            (found,) = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.SQL(what))).fetchone()
            return int(found)

    return count


def twice(
    inhabited: Any, case: Case, things: dict[str, str], keys: Sequence[str | None] = (None, None)
) -> list[httpx.Response]:
    """What two browsers with one person's cookies get, that send what the page holds at the same moment."""
    person = inhabited.people[case.who]
    action = case.action.format_map(things)
    shown = person.get((case.action if case.page is None else case.page).format_map(things)).raise_for_status()
    (form,) = [one for one in forms_of(shown.text) if one.action == action]
    typed = {name: value.format_map(things) if isinstance(value, str) else value for name, value in case.typed.items()}
    together = Barrier(2)

    def send(key: str | None) -> httpx.Response:
        own = {} if key is None else {"key": key}
        with httpx.Client(base_url=inhabited.url, cookies=person.cookies, follow_redirects=True, timeout=20) as one:
            together.wait()
            return one.post(action, data=form.sent | typed | own, headers={"Accept-Language": "en"})

    with ThreadPoolExecutor(2) as threads:
        return [one.result() for one in [threads.submit(send, key) for key in keys]]


@pytest.mark.parametrize("name", CASES)
def test_a_double_click_makes_one_thing_and_leads_to_it(inhabited, things, counted, name):
    case = CASES[name]
    before = counted(case.counted)
    answers = twice(inhabited, case, things)
    assert counted(case.counted) - before == 1
    said = [f"{one.status_code} {re.findall('<h1>.*</h1>|class=.error.*', one.text)}" for one in answers]
    assert sorted(one.status_code for one in answers) == [200, case.again], said
    assert len({one.url.path.removesuffix("/correction").removesuffix("/decision") for one in answers}) == 1, said
    assert len({re.findall("<h1>.*</h1>", one.text)[0] for one in answers}) == 1, said


def test_the_count_sees_two_where_each_click_is_taken_for_another(inhabited, things, counted):
    """The control: the same two clicks, each with a key of its own."""
    case = CASES["a mandate"]
    before = counted(case.counted)
    answers = twice(inhabited, case, things, (str(uuid4()), str(uuid4())))
    assert counted(case.counted) - before == 2
    assert len({one.url.path for one in answers}) == 2
