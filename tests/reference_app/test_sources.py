"""Once only: what others know is not asked again, and a source that fails loses nobody a word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from reference_app import children
from reference_app.identity_provider.identities import subject
from reference_app.listening import listen, port_of
from reference_app.sources.gate import Gate
from reference_app.sources.said import Outcome
from reference_app.stand_ins.business_register import TOKEN_VARIABLE, establishment
from reference_app.stand_ins.started import start

TOKEN, SIRET, OTHER = "a token of the test", "73282932000074", "35600000000048"
NAME, OTHER_NAME = (
    establishment(siret)["unite_legale"]["personne_morale_attributs"]["raison_sociale"] for siret in (SIRET, OTHER)
)
CLOSED, UNKNOWN = "80000000000003", "90000000000001"
EMERGENCY = "/api/v1/procedures/emergency-aid/dossiers"


@pytest.fixture(scope="module")
def register() -> Iterator[httpx.Client]:
    with ExitStack() as stack:
        module = "reference_app.stand_ins.business_register"
        child, base = start(stack, "the register", module, lambda _: [], {TOKEN_VARIABLE: TOKEN})
        children.wait_ready([child])
        with httpx.Client(base_url=base, timeout=20) as client:
            yield client


@pytest.fixture(scope="module")
def asking(staged: Any, register: httpx.Client) -> Iterator[Any]:
    """A service whose sources run beside it, each a process; ``fund`` is a client of the family allowance fund."""
    with ExitStack() as stack:
        taken = stack.enter_context(closing(listen("127.0.0.1", 0)))
        fund = f"http://127.0.0.1:{port_of(taken)}"
        stage = stack.enter_context(
            staged(
                business_register_url=str(register.base_url),
                family_allowances_url=fund,
                sources_token=TOKEN,
                source_budget_s=1.0,
                pool_size=2,
            )
        )
        module = "reference_app.stand_ins.family_allowances"
        child = children.start("the fund", module, ["--issuer", f"{stage.provider}/api/v2"], {}, taken.fileno())
        stack.callback(children.stop, [child])
        children.wait_ready([child])
        stage.fund = stack.enter_context(httpx.Client(base_url=fund, timeout=20))
        yield stage


@pytest.fixture(autouse=True)
def good_day(asking: Any, register: httpx.Client, database_url: str) -> None:
    """Sources that work, a service that has not seen them fail, nothing kept of them."""
    for client in (register, asking.fund):
        client.put("/knobs", json={"in_flight": False}).raise_for_status()
    for line in asking.app.state.parts.desk.lines.values():
        line.gate = Gate()
    with psycopg.connect(database_url) as connection:
        connection.execute("TRUNCATE source_answer")


def seen(client: httpx.Client) -> int:
    return int(client.get("/knobs").json()["seen"])


def hidden(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def find(
    client: httpx.Client, procedure: str = "emergency-aid", source: str = "business_register", **typed: str
) -> Any:
    """Press the button of a new form in which ``typed`` was typed."""
    form = client.get(f"/dossiers/new?procedure={procedure}")
    return client.post("/dossiers", data=hidden(form) | typed | {"find": source})


def field(page: httpx.Response, name: str) -> str:
    return str(re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text)[1])


def drafted(client: httpx.Client, **answers: object) -> str:
    headers = {"Idempotency-Key": str(uuid4())}
    return str(client.post(EMERGENCY, json=answers, headers=headers).raise_for_status().json()["id"])


def filled(client: httpx.Client, dossier: str, source: str = "business_register") -> httpx.Response:
    return client.post(f"/api/v1/dossiers/{dossier}/sources/{source}")


def test_a_number_typed_brings_the_name_with_where_it_comes_from_and_when(asking):
    page = find(asking.signed_in("business"), siret="732 829 320 00074", need="Written before")
    assert re.fullmatch(r"/dossiers/[0-9a-f-]{36}/edit", page.url.path)
    assert field(page, "company_name") == NAME
    assert "Written before" in page.text
    assert re.search(r"from: Business register, \d+ \w+ \d{4} at \d\d:\d\d", page.text)
    for fact in ("Address", "Main activity", "State of the establishment"):
        assert f"<dt>{fact}</dt>" in page.text


@pytest.mark.parametrize(
    "knobs",
    [{"latency_s": 60}, {"fault": "502"}, {"fault": "504"}, {"fault": "401"}, {"fault": "garbage"}, {"closed": True}],
    ids=str,
)
def test_a_source_that_fails_leaves_an_empty_field_a_notice_and_every_word(asking, register, knobs):
    register.put("/knobs", json=knobs).raise_for_status()
    page = find(asking.signed_in("business"), siret=SIRET, need="Written before", contact_email="a@example.fr")
    assert page.status_code == 200
    assert 'role="status"' in page.text
    assert "did not answer" in page.text
    assert field(page, "company_name") == ""
    assert (field(page, "siret"), field(page, "contact_email")) == (SIRET, "a@example.fr")
    assert "Written before" in page.text


def test_a_number_that_is_not_known_or_wrong_is_said_and_nothing_is_lost(asking):
    client = asking.signed_in("business")
    unknown = find(client, siret=UNKNOWN, need="Written before")
    assert "nothing was found" in unknown.text
    assert field(unknown, "company_name") == ""
    for typed in ("123", ""):
        wrong = find(client, siret=typed, need="Written before")
        assert wrong.status_code == 422
        assert 'id="siret-error"' in wrong.text
        assert "Written before" in wrong.text
        mended = hidden(wrong) | {"siret": SIRET, "need": "Written before", "find": "business_register"}
        assert field(client.post("/dossiers", data=mended), "company_name") == NAME


def test_what_the_register_says_of_a_closed_establishment_is_told_to_both_sides_and_refuses_nothing(asking):
    client, agent = asking.signed_in("business"), asking.signed_in("agent")
    dossier = drafted(client, siret=CLOSED, contact_email="a@example.fr", activity="stopped", need="x", amount=5)
    answer = filled(client, dossier).json()
    assert answer["known"]["business_register"]["facts"]["state"] == "closed"
    assert "According to the register, this establishment is closed" in client.get(f"/dossiers/{dossier}/edit").text
    filed = client.post(f"/api/v1/dossiers/{dossier}/file", headers={"Idempotency-Key": str(uuid4())})
    assert filed.status_code == 200
    assert "According to the register, this establishment is closed" in agent.get(f"/agent/dossiers/{dossier}").text


def test_agents_see_what_comes_from_the_register_and_what_a_person_wrote_instead(asking):
    client, agent = asking.signed_in("business"), asking.signed_in("agent")
    rest = {"contact_email": "a@example.fr", "activity": "stopped", "need": "x", "amount": 5}
    for written, said in ((None, "from: Business register"), ("Another name", f"says: {NAME}")):
        dossier = drafted(client, siret=SIRET, **rest)
        name = filled(client, dossier).json()["answers"]["company_name"]
        if written is not None:
            answers = {"siret": SIRET, "company_name": written, **rest}
            client.put(f"{EMERGENCY}/{dossier}", json=answers).raise_for_status()
        client.post(f"/api/v1/dossiers/{dossier}/file", headers={"Idempotency-Key": str(uuid4())}).raise_for_status()
        page = agent.get(f"/agent/dossiers/{dossier}").text
        assert said in page
        assert (name if written is None else written) in page


def test_what_was_typed_stays_and_what_was_filled_in_follows_the_number(asking):
    client = asking.signed_in("business")
    typed = drafted(client, siret=SIRET, company_name="As I say")
    assert filled(client, typed).json()["answers"]["company_name"] == "As I say"
    for number, name in ((OTHER, OTHER_NAME), (UNKNOWN, None)):
        draft = drafted(client, siret=SIRET)
        assert filled(client, draft).json()["answers"]["company_name"] == NAME
        client.put(f"{EMERGENCY}/{draft}", json={"siret": number, "company_name": NAME}).raise_for_status()
        assert filled(client, draft).json()["answers"].get("company_name") == name


def test_what_was_said_of_another_number_is_not_shown_as_said_of_this_one(asking):
    client = asking.signed_in("business")
    draft = drafted(client, siret=SIRET)
    filled(client, draft)
    client.put(f"{EMERGENCY}/{draft}", json={"siret": OTHER, "company_name": NAME}).raise_for_status()
    assert "from: Business register" not in client.get(f"/dossiers/{draft}").text


def test_the_same_question_is_asked_once_a_day_whoever_asks(asking, register):
    before = seen(register)
    for client in (asking.signed_in("business"), asking.signed_in("business")):
        assert filled(client, drafted(client, siret=SIRET)).json()["answers"]["company_name"] == NAME
    assert seen(register) == before + 1


def test_what_has_expired_is_asked_anew(asking, register, database_url):
    client = asking.signed_in("business")
    filled(client, drafted(client, siret=SIRET))
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE source_answer SET expires_at = now() - interval '1 second'")
    before = seen(register)
    filled(client, drafted(client, siret=SIRET))
    assert seen(register) == before + 1


def test_a_source_that_falls_silent_takes_nothing_back(asking, register, database_url):
    client = asking.signed_in("business")
    draft = drafted(client, siret=SIRET)
    first = filled(client, draft).json()
    with psycopg.connect(database_url) as connection:
        connection.execute("TRUNCATE source_answer")
    register.put("/knobs", json={"fault": "502"})
    assert filled(client, draft).json()["known"] == first["known"]


def test_no_connection_to_the_database_is_held_while_a_source_is_asked(asking, register):
    register.put("/knobs", json={"latency_s": 60, "in_flight": False})
    clients = [asking.signed_in("business") for _ in range(4)]
    drafts = [drafted(client, siret=SIRET) for client in clients]
    before = seen(register)
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(filled, *pair) for pair in zip(clients, drafts, strict=True)]
        while seen(register) < before + 4:  # more than the pool has connections, all waiting for the register
            assert not any(one.done() for one in waiting)
        assert clients[0].get("/api/v1/dossiers").status_code == 200
        assert {one.result().json()["known"]["business_register"]["outcome"] for one in waiting} == {Outcome.AWAY}


def test_only_ones_own_draft_is_filled_in(asking):
    client, stranger = asking.signed_in("business"), asking.signed_in("business")
    draft = drafted(client, siret=SIRET, contact_email="a@example.fr", activity="stopped", need="x", amount=5)
    assert filled(stranger, draft).status_code == 404
    assert filled(client, draft, "family_allowances").status_code == 404
    assert filled(client, drafted(client)).json()["errors"][0]["pointer"] == "#/siret"
    filled(client, draft)
    client.post(f"/api/v1/dossiers/{draft}/file", headers={"Idempotency-Key": str(uuid4())}).raise_for_status()
    assert filled(client, draft).status_code == 409


def test_at_the_counter_too_what_is_known_is_not_asked(asking):
    agent = asking.signed_in("agent")
    form = agent.get("/agent/mandats")
    opened = hidden(form) | {"person": "Jeanne Petit", "procedure": "emergency-aid", "hours": "1"}
    mandate = agent.post("/agent/mandats", data=opened)
    new = agent.get(f"{mandate.url.path}/new")
    assert "autosave" not in new.text
    page = agent.post(new.url.path, data=hidden(new) | {"siret": SIRET, "find": "business_register"})
    assert page.url.path.endswith("/edit")
    assert field(page, "company_name") == NAME
    wrong = agent.post(page.url.path, data=hidden(page) | {"need": "Written before", "find": "business_register"})
    assert (wrong.status_code, "Written before" in wrong.text) == (422, True)
    assert 'id="siret-error"' in wrong.text


def test_without_a_source_in_the_settings_fields_are_simply_typed(stage):
    client = stage.signed_in("business")
    assert 'name="find"' not in client.get("/dossiers/new?procedure=emergency-aid").text
    assert filled(client, drafted(client, siret=SIRET)).json()["known"]["business_register"]["outcome"] == "away"


def is_known(identifier: str) -> bool:
    """Whether the fund knows the person: not so one subject in sixteen."""
    return not subject(identifier, "reference").startswith("0")


def agree(client: httpx.Client, at: httpx.Response, form_action: Callable[[httpx.Response], str], who: str) -> Any:
    """Choose the identity ``who`` on the page of the provider that ``at`` shows."""
    assert at.url.path.endswith("/authorize")
    return client.post(form_action(at), data={"identity": who})


def test_the_family_quotient_comes_when_the_person_agrees_and_is_kept_for_them_alone(asking, form_action):
    who = next(name for name in (f"business-{uuid4().hex}" for _ in range(100)) if is_known(name))
    client = asking.signed_in("business", who)
    at = find(client, "holiday-aid", "family_allowances", child="Léa Martin")
    assert "cnaf_quotient_familial" in str(at.url)
    page = agree(client, at, form_action, who)
    quotient = field(page, "quotient")
    assert quotient.isdecimal()
    assert field(page, "child") == "Léa Martin"
    before = seen(asking.fund)
    again = find(client, "holiday-aid", "family_allowances", child="Tom Martin")
    assert field(again, "quotient") == quotient
    assert seen(asking.fund) == before
    assert find(asking.signed_in("business"), "holiday-aid", "family_allowances").url.path.endswith("/authorize")


def test_the_api_says_that_the_person_has_to_agree_first(asking):
    client = asking.signed_in("business")
    headers = {"Idempotency-Key": str(uuid4())}
    draft = client.post("/api/v1/procedures/holiday-aid/dossiers", json={}, headers=headers).json()["id"]
    answer = filled(client, draft, "family_allowances")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/needs-the-person")


def test_who_comes_back_as_somebody_else_fills_in_nothing_of_the_first(asking, form_action):
    first = asking.signed_in("business")
    at = find(first, "holiday-aid", "family_allowances", child="Léa Martin")
    page = agree(first, at, form_action, f"business-{uuid4().hex}")
    assert page.url.path == "/dossiers"
    assert "Léa Martin" not in page.text


def test_a_way_to_the_provider_that_was_given_up_asks_for_no_more_at_the_next_sign_in(asking):
    client = asking.signed_in("business")
    find(client, "holiday-aid", "family_allowances", child="Léa Martin")
    assert "cnaf" not in str(client.get("/sign-in/business").url)


def test_the_fund_refuses_a_token_that_is_unknown_or_was_not_given_for_it(asking):
    asked = {"params": {"recipient": SIRET}, "headers": {"Authorization": "Bearer guess"}}
    answer = asking.fund.get("/v3/dss/quotient_familial/france_connect", **asked)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "00105")
