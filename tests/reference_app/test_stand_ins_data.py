"""The stand-ins of the State's data services keep their contract: what the real ones refuse, they refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from reference_app import children
from reference_app.stand_ins.business_register import TOKEN_VARIABLE
from reference_app.stand_ins.started import start

SIRET = "73282932000074"
ASKED = {"recipient": "18750000400010", "context": "Aide", "object": "emergency-aid"}
TOKEN = "a token of the test"


@pytest.fixture(scope="module")
def register() -> Iterator[httpx.Client]:
    """The register as a process of its own."""
    with ExitStack() as stack:
        module = "reference_app.stand_ins.business_register"
        child, base = start(stack, "the register", module, lambda _: [], {TOKEN_VARIABLE: TOKEN})
        children.wait_ready([child])
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=base, headers=headers, timeout=20) as client:
            yield client


@pytest.fixture(autouse=True)
def good_day(register: httpx.Client) -> None:
    turn(register)


def turn(client: httpx.Client, **knobs: Any) -> dict[str, Any]:
    answer = client.put("/knobs", json=knobs)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def ask(client: httpx.Client, siret: str = SIRET, **changed: str) -> httpx.Response:
    return client.get(f"/v4/insee/sirene/etablissements/{siret}", params=ASKED | changed)


def number(first: str) -> str:
    """A SIRET that passes its check and begins with ``first``."""
    stem = first.ljust(13, "0")
    doubled = [int(c) * (2 - i % 2) for i, c in enumerate(reversed(stem))]
    return stem + str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)


def test_an_establishment_is_always_the_same_and_says_how_long_it_may_be_kept(register):
    first, second = ask(register), ask(register)
    assert first.json() == second.json()
    assert first.json()["data"]["etat_administratif"] == "A"
    assert first.json()["data"]["unite_legale"]["personne_morale_attributs"]["raison_sociale"]
    assert first.headers["x-cache-expires-in"] == "86400"
    assert int(first.headers["ratelimit-remaining"]) == int(second.headers["ratelimit-remaining"]) + 1


@pytest.mark.parametrize(("first", "status", "state"), [("8", 200, "F"), ("6", 200, "A"), ("9", 404, None)])
def test_some_are_closed_some_of_one_person_and_some_unknown(register, first, status, state):
    answer = ask(register, number(first))
    assert answer.status_code == status
    if state is not None:
        assert answer.json()["data"]["etat_administratif"] == state
        assert answer.json()["data"]["unite_legale"]["type"] == (
            "personne_physique" if first == "6" else "personne_morale"
        )


@pytest.mark.parametrize(("missing", "code"), [("recipient", "00201"), ("context", "00202"), ("object", "00203")])
def test_what_must_be_said_of_the_purpose_is_asked_for(register, missing, code):
    answer = ask(register, **{missing: ""})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["code"] == code
    assert set(error) == {"code", "title", "detail", "source", "meta"}


def test_a_token_that_is_not_known_is_refused(register):
    answer = register.get(f"/v4/insee/sirene/etablissements/{SIRET}", headers={"Authorization": "Bearer other"})
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "00101"


@pytest.mark.parametrize(
    ("knobs", "status", "code"),
    [
        ({"fault": "502"}, 502, "01999"),
        ({"fault": "504"}, 504, "00501"),
        ({"fault": "401"}, 401, "00103"),
        ({"closed": True}, 502, "000"),
    ],
)
def test_failures_are_written_as_the_real_ones_write_them(register, knobs, status, code):
    turn(register, **knobs)
    answer = ask(register)
    assert answer.status_code == status
    (error,) = answer.json()["errors"]
    assert error["code"].endswith(code)
    assert ("retry_in" in error["meta"]) == (status in (502, 504))
    assert register.get("/api/pings").status_code == (502 if knobs.get("closed") else 200)


def test_a_share_of_the_requests_may_fail(register):
    turn(register, fault="502", fault_share=0.5)
    assert {ask(register).status_code for _ in range(30)} == {200, 502}


def test_the_same_question_at_the_same_time_is_a_conflict(register):
    turn(register, latency_s=1.0)
    with ThreadPoolExecutor(2) as threads:
        answers = sorted(a.status_code for a in threads.map(lambda _: ask(register), range(2)))
    assert answers == [200, 409]


def test_too_many_are_told_to_wait_and_who_goes_on_gets_no_answer_at_all(register):
    turn(register, a_minute=2, patience=2)
    answers = [ask(register) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 429, 429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].json()["errors"][0]["code"] == "00429"
    assert ask(register).status_code == 429
    with pytest.raises(httpx.ReadTimeout):
        register.get(f"/v4/insee/sirene/etablissements/{SIRET}", params=ASKED, timeout=1.0)
    assert register.get("/knobs").json()["shut_out"] == 1


@pytest.mark.parametrize("knobs", ['{"latency_s": -1}', '{"surprise": 1}', "nonsense"])
def test_knobs_that_cannot_be_are_refused_at_the_start_and_later(register, knobs):
    assert register.put("/knobs", content=knobs).status_code == 422
    done = subprocess.run(
        [sys.executable, "-m", "reference_app.stand_ins.business_register", "--port", "0", "--knobs", knobs],
        env={TOKEN_VARIABLE: TOKEN},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert json.loads(register.get("/knobs").text)["latency_s"] == 0
