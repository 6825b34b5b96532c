"""What a run keeps of the log of a service: why it failed, and nothing of what people typed into it."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.journeys.people import french_iban, person
from security.redaction import MARK
from security.service_log import KEPT, mask, masked


@pytest.mark.parametrize("number", range(40))
def test_whatever_a_made_up_person_types_is_masked(number):
    values = person(random.Random(number), number)
    line = f"filed {values['name']} <{values['email']}> {json.dumps(values['name'])} {values['iban']}"
    for name in ("name", "email", "iban"):
        assert str(values[name]) not in masked(line)
    assert MARK in masked(line)


@pytest.mark.parametrize(
    "token",
    [
        secrets.token_urlsafe(32),
        secrets.token_hex(16),
        "HFqAeCUNwVTgcD-cZHNASZgV_oiOmdCYcSjY_ZnBofQ",
        "8b2f7c1e-5a0d-4a53-9f5e-0a4b7d6c2e91",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
    ],
    ids=["url-safe", "hexadecimal", "without a digit", "uuid", "jwt"],
)
def test_a_long_token_is_masked_wherever_it_stands(token):
    for line in (f"session={token}", f"'{token}'", f"GET /home?t={token}&x=1", token):
        assert token not in masked(line)


@pytest.mark.parametrize(
    "line",
    [
        "ModuleNotFoundError: No module named 'town_hall_settings'",
        "PORTANCE_REFERENCE_CITIZEN_ISSUER: field required",
        'File "service.py", line 12, in <module>',
        "INFO: Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)",
        "ConnectionRefusedError, ServiceTemporarilyUnavailable, a_function_with_a_rather_long_name",
        "psycopg.OperationalError: connection to server at 127.0.0.1, port 5432 failed: Connection refused",
    ],
)
def test_why_a_service_failed_can_still_be_read(line):
    assert masked(line) == line


@given(st.binary(min_size=16, max_size=48))
def test_whatever_is_drawn_is_masked(drawn):
    token = base64.urlsafe_b64encode(hashlib.sha256(drawn).digest()).decode().rstrip("=")
    assert token not in masked(f"signed in with {token}")


def test_a_log_is_rewritten_in_place(tmp_path):
    log = tmp_path / "service.log"
    log.write_bytes(b"started\nsigned in camille@example.org \xff\nstopped")
    mask(log)
    assert log.read_text(encoding="utf-8") == f"started\nsigned in {MARK} \ufffd\nstopped\n"
    assert list(tmp_path.iterdir()) == [log]


def test_no_log_is_no_mistake(tmp_path):
    mask(tmp_path / "service.log")
    assert list(tmp_path.iterdir()) == []


def test_of_a_long_log_the_beginning_and_the_end_are_kept_masked(tmp_path):
    log = tmp_path / "service.log"
    iban = french_iban(random.Random(1))
    lines = [f"{number} paid to {iban}" for number in range(KEPT // 20)]
    log.write_text("\n".join(lines), encoding="utf-8")
    mask(log)
    content = log.read_text(encoding="utf-8")
    assert content.startswith("0 paid to")
    assert content.splitlines()[-1].startswith(f"{len(lines) - 1} paid to")
    assert "bytes are left out here" in content
    assert iban not in content
    assert len(content) <= KEPT + 100


def test_a_log_that_cannot_be_masked_is_not_kept(tmp_path):
    log = tmp_path / "service.log"
    log.write_text("signed in camille@example.org\n", encoding="utf-8")
    (tmp_path / "service.part").mkdir()
    with pytest.raises(IsADirectoryError):
        mask(log)
    assert not log.exists()
