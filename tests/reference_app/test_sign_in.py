"""Signing in over real OpenID Connect, and every way in which it must fail."""

from __future__ import annotations

import re
import time
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import uuid4

import httpx
import pytest

from reference_app.pages import local_path


def with_query(url: str, **changed: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | changed)))


def callback(client: httpx.Client, action: str, identity: str = "business-1") -> str:
    """The address of the service that the provider sends the browser to, not followed."""
    answer = client.post(action, data={"identity": identity}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_a_business_signs_in_and_the_service_knows_it_again(stage, form_action):
    first = stage.signed_in("business", "business-again").get("/api/v1/me").json()
    second = stage.signed_in("business", "business-again").get("/api/v1/me").json()
    other = stage.signed_in("business", "business-other").get("/api/v1/me").json()
    assert first == second
    assert first["role"] == "citizen"
    assert first["account"] != other["account"]


def test_the_same_identifier_at_the_other_provider_is_somebody_else(stage):
    citizen = stage.signed_in("business", "same").get("/api/v1/me").json()
    agent = stage.signed_in("agent", "same").get("/api/v1/me").json()
    assert citizen["account"] != agent["account"]
    assert agent["role"] == "agent"


def test_after_signing_in_the_page_asked_for_is_shown(stage, form_action):
    client = stage.browser()
    choice = client.get("/dossiers/new")
    assert choice.url.path == "/sign-in"
    page = client.get("/sign-in/business?next=/dossiers/new")
    assert client.post(form_action(page), data={"identity": "business-next"}).url.path == "/dossiers/new"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("/agent/dossiers?state=accepte&mine=true", "/agent/dossiers?state=accepte&mine=true"),
        (
            "/agent/rendez-vous?since=2026-11-22T09:00:00%2B01:00",
            "/agent/rendez-vous?since=2026-11-22T09:00:00%2B01:00",
        ),
        (f"/agent/dossiers?after={'x' * 4000}", "/agent/dossiers"),
    ],
)
def test_what_an_address_asked_is_not_forgotten_while_signing_in(stage, form_action, asked, shown):
    client = stage.browser()
    choice = client.get(asked)
    way = unescape(re.search(r'href="(/sign-in/agent[^"]*)"', choice.text)[1])
    answer = client.post(form_action(client.get(way)), data={"identity": f"agent-{uuid4().hex}"})
    assert str(answer.url) == f"{stage.url}{shown}"
    assert answer.status_code == 200


def test_another_state_is_refused(stage, form_action):
    client = stage.browser()
    back = callback(client, form_action(client.get("/sign-in/business")))
    answer = client.get(with_query(back, state="x" * 43))
    assert answer.status_code == 400
    assert client.get("/api/v1/me").status_code == 401


def test_a_callback_without_having_started_here_is_refused(stage, form_action):
    attacker, victim = stage.browser(), stage.browser()
    back = callback(attacker, form_action(attacker.get("/sign-in/business")))
    assert victim.get(back).status_code == 400
    assert victim.get("/api/v1/me").status_code == 401


def test_another_nonce_is_refused(stage, form_action):
    client = stage.browser()
    action = with_query(form_action(client.get("/sign-in/business")), nonce="n" * 43)
    assert client.get(callback(client, action)).status_code == 400
    assert client.get("/api/v1/me").status_code == 401


def test_a_code_sent_again_is_refused(stage, form_action):
    client = stage.browser()
    back = callback(client, form_action(client.get("/sign-in/business")))
    assert client.get(back).status_code == 200
    assert client.get(back).status_code == 400


def test_a_code_of_another_attempt_is_refused(stage, form_action):
    thief, client = stage.browser(), stage.browser()
    stolen = dict(parse_qsl(urlsplit(callback(thief, form_action(thief.get("/sign-in/business")))).query))["code"]
    back = callback(client, form_action(client.get("/sign-in/business")))
    assert client.get(with_query(back, code=stolen)).status_code == 400


def test_an_expired_code_is_refused(staged, form_action):
    ahead = [0.0]
    with staged(clock=lambda: time.time() + ahead[0]) as stage:
        client = stage.browser()
        back = callback(client, form_action(client.get("/sign-in/business")))
        ahead[0] = 31
        assert client.get(back).status_code == 400


def test_an_expired_identity_token_is_refused(staged, form_action):
    with staged(clock=lambda: time.time() - 3600) as stage:
        client = stage.browser()
        assert client.get(callback(client, form_action(client.get("/sign-in/business")))).status_code == 400


def test_a_lower_level_of_assurance_is_refused(staged, form_action):
    with staged(acr="eidas0") as stage:
        client = stage.browser()
        assert client.get(callback(client, form_action(client.get("/sign-in/business")))).status_code == 400
        assert client.get("/api/v1/me").status_code == 401


def test_an_agent_of_another_organisation_is_refused(staged, form_action):
    with staged(agent_sirets="35600000000048") as stage:
        client = stage.browser()
        action = form_action(client.get("/sign-in/agent"))
        assert client.post(action, data={"identity": "agent-1"}).status_code == 403
        assert client.get("/api/v1/me").status_code == 401


def test_a_provider_that_is_away_is_a_503_and_not_an_error(staged):
    with staged(citizen_issuer="http://127.0.0.1:9/api/v2") as stage:
        answer = stage.browser().get("/sign-in/business")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]


def test_signing_out_ends_the_session_here_and_at_the_provider(stage, form_action):
    client = stage.signed_in("business")
    token = client.get("/dossiers").text.split('name="token" value="')[1].split('"')[0]
    left = client.post("/sign-out", data={"token": token})
    assert left.url.path == "/signed-out"
    assert [r.url.path for r in left.history][-1].endswith("/api/v2/session/end")
    assert client.get("/api/v1/me").status_code == 401


def test_signing_out_needs_the_form(stage):
    client = stage.signed_in("business")
    assert client.post("/sign-out").status_code == 403
    assert client.get("/api/v1/me").status_code == 200


def test_a_cookie_changed_by_one_character_is_nobody(stage):
    client = stage.signed_in("business")
    cookie = client.cookies["session"]
    client.cookies.set("session", ("A" if cookie[0] != "A" else "B") + cookie[1:])
    fresh = stage.browser(cookies={"session": ("A" if cookie[0] != "A" else "B") + cookie[1:]})
    assert fresh.get("/api/v1/me").status_code == 401


def test_attempts_given_up_do_not_make_the_cookie_grow(stage):
    client = stage.browser()
    for _ in range(5):
        client.get("/sign-in/business", follow_redirects=False)
    assert len(client.cookies["session"]) < 2000


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("/dossiers/new", "/dossiers/new"),
        ("//evil.example", ""),
        ("/\\evil.example", ""),
        ("https://evil.example", ""),
        ("dossiers", ""),
        ("/a\r\nSet-Cookie: x=1", ""),
        ("/dossiers?after=1#part", ""),
        ("/" + "x" * 500, ""),
    ],
)
def test_after_signing_in_nobody_is_sent_to_another_site(asked: str, allowed: str) -> None:
    assert local_path(asked) == allowed
