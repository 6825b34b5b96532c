"""Secrets and personal values are taken out; ordinary words stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from security.redaction import redact, without_literals


@pytest.mark.parametrize(
    "value",
    [
        "camille.durand+aide@example.gouv.fr",
        "2 84 05 75 123 456 78",
        "284057512345678",
        "1 85 05 2A 123 456 29",
        "FR76 3000 6000 0112 3456 7890 189",
        "FR7630006000011234567890189",
        "06 12 34 56 78",
        "+33612345678",
        "AKIAJ6QWERTYUIOPASDF",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    ],
)
def test_values_that_must_not_travel_are_taken_out(value):
    assert value not in redact(f"before {value} after")
    assert redact(f"before {value} after").startswith("before ")
    assert redact(f"before {value} after").endswith(" after")


@pytest.mark.parametrize(
    "text",
    [
        "password='hunter-secret'",
        "DB_PASSWORD = hunter-secret",
        '"api_key": "hunter-secret"',
        "Authorization: Bearer hunter-secret",
        "https://bob:hunter-secret@host/path",
        "git+https://bob@example.org:hunter-secret@host/path",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter-secret\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_secrets_are_taken_out_of_their_usual_places(text):
    assert "hunter-secret" not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "pkg:pypi/django@3.2.0",
        "GET /api/v1/dossiers/{id}",
        "reference_app/dossiers/repository.py:16",
        "max-age=31536000; includeSubDomains",
        "default-src 'self'; object-src 'none'",
        "Possible SQL injection vector through string-based query construction.",
        "PYSEC-2021-98 (CVE-2021-33203, GHSA-68w8-qjq3-2gfm)",
        "bandit ended with exit code 3",
    ],
)
def test_ordinary_words_stay(text):
    assert redact(text) == text


def test_the_home_folder_of_this_machine_is_not_told():
    assert str(Path.home()) not in redact(f"cannot open {Path.home()}/project/x.py")


def test_code_without_its_strings_names_the_place_and_not_the_value():
    assert without_literals("login( password = 'hunter-secret',\n  f\"a{b}\")") == 'login( password = "", "")'
    assert "hunter" not in without_literals('x = """hunter-secret')
