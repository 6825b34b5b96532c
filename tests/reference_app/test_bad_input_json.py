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
