"""The stand-in keeps the contract of the real providers: what they refuse, it refuses."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from reference_app.identity_provider.app import create_app
from reference_app.identity_provider.contract import Client
from reference_app.listening import listen, port_of

Serving = Callable[[Any, Any], AbstractContextManager[None]]
BACK = "http://127.0.0.1:8/sign-in/business/callback"
CLIENT = Client(
    id="reference",
    secret="a secret",
    redirect_uris=frozenset({BACK}),
    logout_uris=frozenset({"http://127.0.0.1:8/signed-out"}),
)
VERIFIER = "v" * 50
GOOD = {
    "client_id": "reference",
    "response_type": "code",
    "redirect_uri": BACK,
    "scope": "openid given_name email",
    "state": "s" * 32,
    "nonce": "n" * 32,
    "acr_values": "eidas1",
    "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode(),
    "code_challenge_method": "S256",
}


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def provider(clock: Clock, serving: Serving) -> Iterator[httpx.Client]:
    taken = listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{port_of(taken)}"
    with serving(create_app(base, CLIENT, clock=clock), taken), httpx.Client(base_url=base) as client:
        yield client


def origin(provider: httpx.Client) -> str:
    return str(provider.base_url).rstrip("/")


def code(provider: httpx.Client, identity: str = "business-000001") -> str:
    answer = provider.post("/api/v2/authorize", params=GOOD, data={"identity": identity})
    assert answer.status_code == 303
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def token(provider: httpx.Client, **changed: Any) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "client_id": "reference",
        "client_secret": "a secret",
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    return provider.post("/api/v2/token", data=form | changed)


@pytest.mark.parametrize("missing", ["state", "nonce", "acr_values", "scope", "client_id"])
def test_a_request_without_a_required_parameter_is_refused(provider: httpx.Client, missing: str) -> None:
    answer = provider.get("/api/v2/authorize", params={k: v for k, v in GOOD.items() if k != missing})
    assert answer.status_code == 400
    assert missing in answer.json()["error_description"]


@pytest.mark.parametrize(
    "changed",
    [
        {"login_hint": "x"},
        {"nonce": "n" * 21},
        {"acr_values": "eidas3"},
        {"redirect_uri": "http://127.0.0.1:8/elsewhere"},
        {"response_type": "token"},
        {"scope": "openid everything"},
        {"code_challenge_method": "plain"},
    ],
)
def test_a_request_that_the_real_provider_refuses_is_refused(provider: httpx.Client, changed: dict[str, str]) -> None:
    assert provider.get("/api/v2/authorize", params=GOOD | changed).status_code == 400


def test_agents_need_a_longer_nonce(provider: httpx.Client) -> None:
    assert provider.get("/agents/api/v2/authorize", params=GOOD | {"nonce": "n" * 22}).status_code == 400


def test_the_form_goes_to_an_absolute_address_and_works_without_script(provider: httpx.Client) -> None:
    page = provider.get("/api/v2/authorize", params=GOOD).text
    assert f'action="{origin(provider)}/api/v2/authorize?' in page
    assert "<script" not in page


def test_an_impossible_identifier_stays_in_the_form(provider: httpx.Client) -> None:
    answer = provider.post("/api/v2/authorize", params=GOOD, data={"identity": "no <spaces>"})
    assert answer.status_code == 422
    assert 'value="no &lt;spaces&gt;"' in answer.text


def test_the_identity_token_says_what_was_agreed(provider: httpx.Client, clock: Clock) -> None:
    answer = token(provider, code=code(provider)).json()
    keys = KeySet.import_key_set(provider.get("/api/v2/jwks").json())
    decoded = jwt.decode(answer["id_token"], keys, algorithms=["ES256"])
    claims = decoded.claims
    assert decoded.header["alg"] == "ES256"
    assert (claims["iss"], claims["aud"], claims["acr"]) == (f"{origin(provider)}/api/v2", "reference", "eidas1")
    assert claims["nonce"] == GOOD["nonce"]
    assert claims["exp"] - clock.now == 60
    assert len(claims["sub"]) == 66
    assert claims["sub"].endswith("v1")


def test_two_people_have_two_subjects_and_one_person_always_the_same(provider: httpx.Client) -> None:
    def subject(identity: str) -> str:
        access = token(provider, code=code(provider, identity)).json()["access_token"]
        answer = provider.get("/api/v2/userinfo", headers={"Authorization": f"Bearer {access}"}).json()
        return str(answer["sub"])

    assert subject("business-1") == subject("business-1") != subject("business-2")


def test_userinfo_gives_the_scopes_granted_and_no_more(provider: httpx.Client) -> None:
    access = token(provider, code=code(provider)).json()["access_token"]
    claims = provider.get("/api/v2/userinfo", headers={"Authorization": f"Bearer {access}"}).json()
    assert set(claims) == {"sub", "given_name", "email"}


def test_a_code_is_good_once(provider: httpx.Client) -> None:
    used = code(provider)
    assert token(provider, code=used).status_code == 200
    assert token(provider, code=used).json() == {"error": "invalid_grant"}


def test_a_code_is_good_for_thirty_seconds(provider: httpx.Client, clock: Clock) -> None:
    slow = code(provider)
    clock.now += 30
    assert token(provider, code=slow).json() == {"error": "invalid_grant"}


def test_an_access_token_is_good_for_sixty_seconds(provider: httpx.Client, clock: Clock) -> None:
    access = token(provider, code=code(provider)).json()["access_token"]
    clock.now += 60
    assert provider.get("/api/v2/userinfo", headers={"Authorization": f"Bearer {access}"}).status_code == 401


@pytest.mark.parametrize("changed", [{"code_verifier": "w" * 50}, {"redirect_uri": "http://127.0.0.1:8/other"}])
def test_a_stolen_code_is_of_no_use(provider: httpx.Client, changed: dict[str, str]) -> None:
    assert token(provider, code=code(provider), **changed).json() == {"error": "invalid_grant"}


def test_a_service_with_the_wrong_secret_gets_nothing(provider: httpx.Client) -> None:
    assert token(provider, code=code(provider), client_secret="guess").status_code == 401


def test_signing_out_goes_back_to_the_service_only(provider: httpx.Client) -> None:
    hint = token(provider, code=code(provider)).json()["id_token"]
    good = {"id_token_hint": hint, "state": "x", "post_logout_redirect_uri": "http://127.0.0.1:8/signed-out"}
    assert provider.get("/api/v2/session/end", params=good).headers["location"].endswith("/signed-out?state=x")
    elsewhere = good | {"post_logout_redirect_uri": "http://127.0.0.1:8/elsewhere"}
    assert provider.get("/api/v2/session/end", params=elsewhere).status_code == 400
    assert provider.get("/api/v2/session/end", params=good | {"id_token_hint": "x.y.z"}).status_code == 400
