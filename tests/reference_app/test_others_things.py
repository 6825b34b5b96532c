"""Every route that names a thing, asked by everybody whose thing it is not: refused, nothing shown, nothing changed.

Routes are read from the application and from its OpenAPI document, so that a new one is tried without being listed.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from documents import token_of
from inhabited import MARK

from loadtests.openapi_document import Document
from loadtests.openapi_sample import sample

SHARED = frozenset({"procedure", "lieu", "creneau", "who", "name", "source", "extension", "group"})
"""Parameters that name what is nobody's own."""
DOORS = ("/avis/{avis}", "/avis/{avis}/answer")
"""Pages that ask anybody for a code; they open, and show nothing without it."""
REFUSED = (401, 403, 404)


def own(route: str) -> set[str]:
    """The parameters of ``route`` that name somebody's own things."""
    return set(re.findall(r"{(\w+)}", route)) - SHARED


def strangers(route: str) -> tuple[str, ...]:
    """Who has no business with the things of ``route``: agents share dossiers, not mandates, nor what one is asked."""
    if "/agent" not in route:
        return ("nobody", "stranger", "agent")
    if route.endswith("/agent/avis/{avis}"):
        return ("nobody", "business", "agent")
    kept_to_oneself = any(f"{{{name}}}" in route for name in ("mandat", "lot", "export"))
    return ("nobody", "business", "colleague") if kept_to_oneself else ("nobody", "business")


@pytest.fixture(scope="module")
def document(inhabited) -> dict[str, Any]:
    found = inhabited.people["nobody"].get("/openapi.json").json()
    assert isinstance(found, dict)
    return found


@pytest.fixture
def untouched(inhabited):
    """What the people have is the same after the test as before."""

    def seen() -> list[Any]:
        business, agent = inhabited.people["business"], inhabited.people["agent"]
        mine = [business.get(f"/api/v1/dossiers/{one}").text for one in inhabited.things["dossier"]]
        paths = ("/api/v1/dossiers", "/api/v1/rendez-vous")
        return [*mine, *(business.get(path).text for path in paths), agent.get("/api/v1/agent/mandats").text]

    before = seen()
    yield
    assert seen() == before


def bodies(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """For each operation on somebody's things a body that it would take, None where it reads none."""
    found = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if not own(path):
                continue
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            parts = Document(document, swagger=False)
            found[path, method] = None if schema is None else sample(parts, schema, path).value
    return found


def test_over_the_api(inhabited, document, untouched):
    asked = 0
    for (path, method), body in bodies(document).items():
        for address in inhabited.addresses(path):
            for who in strangers(path):
                key = {"Idempotency-Key": str(uuid4())}
                answer = inhabited.people[who].request(method, address, json=body, headers=key)
                asked += 1
                assert answer.status_code in REFUSED, f"{who}: {method} {address}: {answer.status_code} {answer.text}"
                assert answer.headers["content-type"] == "application/problem+json"
    assert asked > 100


def pages(inhabited: Any, method: str) -> list[str]:
    return [route for route in inhabited.routes(method) if own(route) and not route.startswith("/api/")]


def sent_away(answer: httpx.Response) -> bool:
    """Whether a page refused: a status, the way to sign in, or the form again with what was sent and nothing else."""
    if answer.status_code in (*REFUSED, 422):
        return MARK not in answer.text
    return answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_over_the_pages(inhabited, untouched, method):
    token = {who: token_of(client) for who, client in inhabited.people.items()}
    asked = 0
    for route in pages(inhabited, method):
        for address in inhabited.addresses(route):
            for who in strangers(route):
                form = {"token": token[who], "key": str(uuid4())} if method == "POST" else None
                answer = inhabited.people[who].request(method, address, data=form, follow_redirects=False)
                asked += 1
                closed = sent_away(answer) or (route in DOORS and MARK not in answer.text)
                assert closed, f"{who}: {method} {address}: {answer.status_code} {answer.text}"
    assert asked > 60


def test_the_owner_is_not_refused(inhabited):
    """The control: what is refused above is refused for who asks, not for how."""
    business = inhabited.people["business"]
    opened = [business.get(a) for a in inhabited.addresses("/dossiers/{dossier}")]
    assert sum(answer.status_code == 200 and MARK in answer.text for answer in opened) >= 6
    assert not sent_away(opened[0])
