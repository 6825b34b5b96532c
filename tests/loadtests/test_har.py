"""Recordings of a browser: what is kept, what is put in, what never is, and files that are none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loadtests.har import HarError, journey_of
from loadtests.recorded_values import made_up
from scorecard.journeys import templates

ORIGIN = "https://aide.example"


def entry(second: float, method: str, url: str, **changes: Any) -> dict[str, Any]:
    content = {"mimeType": changes.get("kind", "text/html"), "text": changes.get("body", "")}
    post = changes.get("post")
    return {
        "startedDateTime": f"2026-11-20T09:00:{second:06.3f}+01:00",
        "time": 100,
        "request": {
            "method": method,
            "url": url if url.startswith("http") else ORIGIN + url,
            "headers": [{"name": k, "value": v} for k, v in changes.get("headers", {}).items()],
            **({} if post is None else {"postData": post}),
        },
        "response": {
            "status": changes.get("status", 200),
            "redirectURL": changes.get("redirect", ""),
            "content": content,
        },
    }


def har(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)}}).encode()


def as_json(value: object) -> dict[str, str]:
    return {"mimeType": "application/json", "text": json.dumps(value)}


def test_pictures_other_origins_and_the_browsers_own_requests_are_left_out() -> None:
    recorded = journey_of(
        har(
            entry(3, "GET", "/form"),
            entry(0, "GET", "/"),
            entry(0.2, "GET", "/style.css", kind="text/css"),
            entry(0.3, "GET", "/logo", kind="image/svg+xml"),
            entry(0.4, "GET", "https://stats.example/pixel"),
            entry(0.5, "OPTIONS", "/api"),
            entry(0.6, "GET", "/aborted", status=0),
        )
    )
    assert recorded.origin == ORIGIN
    assert [(step.method, step.path) for step in recorded.journey.steps] == [("GET", "/"), ("GET", "/form")]
    assert recorded.journey.steps[1].think == pytest.approx(2.9)


def test_redirects_are_one_step_with_the_answer_at_their_end() -> None:
    recorded = journey_of(
        har(
            entry(0, "GET", "/in", status=302, redirect="https://id.example/authorize?state=1"),
            entry(0.1, "GET", "https://id.example/authorize?state=1", status=303, redirect="/choose"),
            entry(0.2, "GET", "https://id.example/choose", body='<form action="https://id.example/answer?code=1">'),
            entry(
                5, "POST", "https://id.example/answer?code=1", status=302, redirect=f"{ORIGIN}/home", post=as_json({})
            ),
            entry(5.1, "GET", "/home"),
        )
    )
    steps = recorded.journey.steps
    assert [(step.method, step.path, step.expect) for step in steps] == [("GET", "/in", 200), ("POST", "{action}", 200)]
    assert set(steps[0].extract) == {"action"}
    templates.check(recorded.journey)


def test_values_of_earlier_answers_are_taken_from_there_wherever_they_are_sent() -> None:
    recorded = journey_of(
        har(
            entry(0, "POST", "/api/login", kind="application/json", body='{"access": {"token": "eyJhbGciOi.abc.def"}}'),
            entry(
                1,
                "POST",
                "/api/dossiers",
                status=201,
                kind="application/json",
                body='{"id": 4711001, "lines": [{"ref": "AB-1234"}]}',
                headers={
                    "Authorization": "Bearer eyJhbGciOi.abc.def",
                    "Idempotency-Key": "0b7f3f4c-6a3e-4d3b-9a51-1c2d3e4f5a6b",
                },
                post=as_json({"siret": "73282932000074", "iban": "FR7630006000011234567890189", "n": 3}),
            ),
            entry(2, "PUT", "/api/dossiers/4711001?ref=AB-1234", post=as_json({"of": ["4711001", "AB-1234"]})),
        )
    )
    first, second, third = recorded.journey.steps
    assert first.extract == {"token": "$.access.token"}
    assert second.headers == {"Authorization": "Bearer {token}", "Idempotency-Key": "{uuid}"}
    assert second.json_ == {"siret": "{siret}", "iban": "{iban}", "n": 3}
    assert third.path == "/api/dossiers/{id}?ref={ref}"
    assert third.json_ == {"of": ["{id}", "{ref}"]}
    templates.check(recorded.journey)


def test_a_password_and_foreign_credentials_are_never_written() -> None:
    recorded = journey_of(
        har(
            entry(
                0,
                "POST",
                "/login",
                headers={"Authorization": "Basic dXNlcjpwYXNzd29yZA==", "Cookie": "session=s3cr3t-cookie"},
                post={"mimeType": "application/x-www-form-urlencoded", "text": "user=me&mot_de_passe=hunter2-horse"},
            ),
            entry(1, "POST", "/upload", post={"mimeType": "multipart/form-data; boundary=x", "text": "..."}),
        )
    )
    said = recorded.journey.model_dump_json() + repr(recorded.notes)
    for secret in ("hunter2", "dXNlcjpwYXNzd29yZA", "s3cr3t"):
        assert secret not in said
    assert recorded.journey.steps[0].form == {"user": "me", "mot_de_passe": "REPLACE-ME"}
    assert [note.en.split(":")[0] for note in recorded.notes] == ["step 1", "step 1", "step 2"]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("a@b.fr", "{email}"),
        ("73282932000074", "{siret}"),
        ("732829320", "{siren}"),
        ("73282932000075", "73282932000075"),
        ("FR76 3000 6000 0112 3456 7890 189", "{iban}"),
        ("FR7630006000011234567890188", "FR7630006000011234567890188"),
        ("hello", "hello"),
    ],
)
def test_what_belongs_to_a_person_becomes_a_generated_value_of_its_kind(value: str, kind: str) -> None:
    assert made_up(value) == kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff\xfe",
        b'{"log": {"entries": 3}}',
        b'{"log": {"entries": [{"request": {}}]}}',
        b'{"log": {"entries": [3]}}',
        b"[" * 100_000,
        har(),
        har(entry(0, "GET", "/logo.png", kind="image/png")),
        har(entry(0, "GET", "/") | {"startedDateTime": "yesterday"}),
    ],
)
def test_what_is_no_recording_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(HarError) as refused:
        journey_of(content)
    assert "\n" not in str(refused.value)
