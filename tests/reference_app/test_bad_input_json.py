"""Bodies no honest program sends, to every operation that reads one: refused as documented, nothing breaks."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from openapi_of import document_of

from loadtests.openapi_document import Document
from loadtests.openapi_sample import sample

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "no text": b"\xb1\xff\xfe",
    "null": b"null",
    "a list": b"[]",
    "a word": b'"x"',
    "a number too large for a float": b'{"amount": 1e999}',
    "a number of 5 000 digits": b'{"amount": ' + b"9" * 5_000 + b"}",
    "no number": b'{"amount": NaN}',
    "minus infinity": b'{"amount": -Infinity}',
    "nested 10 000 deep": b"[" * 10_000 + b"]" * 10_000,
    "objects nested 5 000 deep": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "half a character": b'{"need": "\\ud800"}',
    "unknown": b'{"__proto__": {"admin": true}}',
    "a NUL in a name": b'{"a\\u0000b": 1}',
    "larger than is taken": b'{"need": "' + b"x" * 70_000 + b'"}',
}
WORDS: dict[str, str] = {
    "10 000 characters": "Dupont de " * 1_000,
    "a NUL": "avant\x00après",
    "right to left and beyond the first plane": "مخبز \u202e الميناء 👩‍🌾𠀀 e\u0301\u0323\u0302",
    "an impossible number": "73282932000075",
}
TYPES = ("text/plain", "application/xml", "multipart/form-data; boundary=x", "")


def operations(inhabited: Any) -> list[tuple[str, str, Any, dict[str, Any]]]:
    """Address, method, who asks and what is documented, of every operation that reads JSON."""
    found = []
    for path, methods in document_of(inhabited)["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                who = "agent" if "/agent" in path else "business"
                address = next(iter(inhabited.addresses(path)))
                found.append((address, method, inhabited.people[who], operation))
    assert len(found) >= 10
    return found


def asked(client: Any, method: str, address: str, body: bytes, kind: str = "application/json") -> Any:
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": kind}
    return client.request(method, address, content=body, headers=headers)


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_that_is_none_is_refused_as_documented(inhabited, kind):
    for address, method, client, operation in operations(inhabited):
        answer = asked(client, method, address, BODIES[kind])
        assert 400 <= answer.status_code < 500, f"{method} {address}: {answer.status_code}"
        assert str(answer.status_code) in operation["responses"], f"{method} {address}: {answer.status_code}"
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", WORDS)
def test_a_word_that_cannot_be_kept_is_named_by_its_field(inhabited, kind):
    """In every text of every body, one at a time: kept as it is documented, or refused beside that field."""
    document, troubles, asked_for = document_of(inhabited), [], 0
    for address, method, client, operation in operations(inhabited):
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        good = sample(Document(document, swagger=False), schema, address).value
        made_up = pointers(
            asked(client, method, address, json.dumps(good).encode())
        )  # beside them others may go unsaid
        for name in [name for name, value in good.items() if isinstance(value, str)]:
            body = json.dumps(good | {name: WORDS[kind]}).encode()
            answer, asked_for = asked(client, method, address, body), asked_for + 1
            said = f"{method} {address} {name}: {answer.status_code} {answer.text[:200]}"
            if str(answer.status_code) not in operation["responses"] or answer.status_code >= 500:
                troubles.append(said)
            elif answer.status_code == 422 and not pointers(answer) & {f"#/{name}", *made_up}:
                troubles.append(f"{said}: not beside the field")
            elif answer.status_code < 300 and kind == "a NUL":
                troubles.append(f"{said}: taken")
    assert asked_for > 20
    assert troubles == [], "\n".join(troubles)


def pointers(answer: Any) -> set[str]:
    """The fields beside which a refusal says something."""
    return {one["pointer"] for one in answer.json()["errors"]} if answer.status_code == 422 else set()


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_not_sent_as_json_is_not_taken_for_it(inhabited, kind):
    """A form of another site can send text/plain; only a program that is allowed to can send JSON."""
    document = document_of(inhabited)
    for address, method, client, operation in operations(inhabited):
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        body = json.dumps(sample(Document(document, swagger=False), schema, address).value).encode()
        answer = asked(client, method, address, body, kind)
        assert answer.status_code in (400, 403, 413, 415, 422), f"{method} {address} as {kind}: {answer.status_code}"
        assert str(answer.status_code) in operation["responses"], f"{method} {address}: {answer.status_code}"


def test_of_a_name_given_twice_the_last_value_counts(inhabited, draft):
    business = inhabited.people["business"]
    body = json.dumps(draft)[:-1] + ', "amount": 7}'
    answer = asked(business, "post", "/api/v1/procedures/emergency-aid/dossiers", body.encode())
    assert answer.status_code == 201
    assert answer.json()["answers"]["amount"] == 7


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/dossiers?after=%00", "/api/v1/dossiers?after=%ff%fe", "/api/v1/dossiers?limit=99999999999999999999",
        "/api/v1/dossiers?limit=" + "9" * 5_000, "/api/v1/dossiers/%00", "/api/v1/dossiers/%2e%2e%2f", "/api/v1/%ff",
        "/dossiers/%00", "/dossiers?after=%ed%a0%80", "/agent/dossiers?state=%00", "/procedures/%00", "/%00",
        "/procedures/masks?move=%00", "/sign-in?next=%00&next=//x", "/static/%2e%2e/settings.py", "/static/%00",
        "/?lang=%ff", "/dossiers/new?procedure=%00",
    ],
)  # fmt: skip
@pytest.mark.parametrize("who", ["business", "agent", "nobody"])
def test_an_address_of_strange_characters_breaks_nothing(inhabited, address, who):
    answer = inhabited.people[who].get(address)
    assert answer.status_code < 500, answer.status_code
    assert re.search(r"problem\+json|text/html", answer.headers["content-type"]) or answer.status_code == 200
