"""Targets that would fool a load test: each is named in the evidence, and none gets a better number by it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from loadtests import campaign, load
from loadtests.load import collect_load
from scorecard.evidence import Evidence, Fact, Status

pytestmark = pytest.mark.usefixtures("brief")

_LIMIT = 100.0
"""Requests a second that the targets of this module serve well."""


def facts_of(evidence: Evidence) -> dict[str, Fact]:
    return {fact.id: fact for fact in evidence.facts}


def said(evidence: Evidence) -> str:
    """All cells of the table of steps."""
    return " | ".join(str(cell) for row in evidence.tables[0].rows for cell in row)


@pytest.mark.parametrize(
    ("beyond", "named"),
    [
        ((429, b"later", {}), "429"),
        ((200, b"Une erreur est survenue", {}), "text not found"),
        ((500, b"", {}), "status 500"),  # at once: it answers faster when it fails
        ((302, b"", {"Location": "/login"}), "redirected to /login"),
    ],
    ids=["rate limiter", "error page as 200", "fails faster than it serves", "sends to sign in"],
)
def test_what_is_served_beyond_its_limit_is_no_capacity(
    beyond: tuple[int, bytes, dict[str, str]],
    named: str,
    serve: Any,
    respond: Any,
    site_of: Any,
    limiter: Callable[[float], Callable[[], bool]],
) -> None:
    within = limiter(_LIMIT)

    async def handler(request: Any) -> Any:
        if request.path == "/login":
            return respond(200, b"Connexion")
        return respond(200, b"dossier") if within() else respond(*beyond)

    # the first step says nothing of its answer: that it was led elsewhere has to be noticed
    evidence = collect_load(site_of(serve(handler).url))
    facts = facts_of(evidence)
    sustained = facts["load.sustained_rps"]
    assert isinstance(sustained.value, float), (evidence.reason, evidence.tables[0].rows)
    assert sustained.value < 1.5 * _LIMIT
    assert named in said(evidence)
    limited = facts["load.rate_limited"].value
    assert isinstance(limited, int)
    assert (limited > 0) is (beyond[0] == 429)
    if limited and sustained.value:
        assert sustained.high is None
        assert "rate limiter (429) ended the search" in sustained.detail


def test_a_journey_that_fails_alone_is_named_and_nothing_is_known(serve: Any, respond: Any, site_of: Any) -> None:
    async def handler(request: Any) -> Any:
        return respond(500)  # at once: the fastest server there is

    evidence = collect_load(site_of(serve(handler).url))
    assert evidence.status is Status.ERROR
    assert evidence.reason is not None
    assert "Journey read" in evidence.reason.en
    assert "step 1 (GET /) answered 500" in evidence.reason.en
    assert {fact.value for fact in evidence.facts} == {None}


def test_a_journey_led_to_a_login_page_is_named(serve: Any, respond: Any, site_of: Any) -> None:
    async def handler(request: Any) -> Any:
        if request.path == "/login":
            return respond(200, b"Connexion")
        return respond(302, b"", {"Location": "/login"})

    evidence = collect_load(site_of(serve(handler).url, journeys=[{"name": "read", "steps": [{"get": "/"}]}]))
    assert evidence.status is Status.ERROR
    assert evidence.reason is not None
    assert "redirected to /login" in evidence.reason.en


def test_a_target_that_dies_in_the_middle_has_no_capacity(serve: Any, respond: Any, site_of: Any) -> None:
    served = 0

    async def handler(request: Any) -> Any:
        nonlocal served
        served += 1
        if served > 100:
            server.stop_soon()
        return respond(200, b"dossier")

    server = serve(handler)
    evidence = collect_load(site_of(server.url))
    assert evidence.status is Status.DEGRADED
    assert evidence.reason is not None
    assert "stopped answering" in evidence.reason.en
    found = {name: fact.value for name, fact in facts_of(evidence).items()}
    assert found["load.sustained_rps"] is None
    assert found["load.users_held"] is None
    requests = found["load.requests"]
    assert isinstance(requests, int)
    assert requests > 0
    assert evidence.tables[0].rows


def test_a_target_that_is_not_there_is_named(site_of: Any) -> None:
    evidence = collect_load(site_of("http://127.0.0.1:9"))
    assert evidence.status is Status.ERROR
    assert evidence.reason is not None
    assert "connection refused" in evidence.reason.en


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signed = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "own.pem").write_bytes(private + signed)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem")
    return context


def test_a_certificate_that_nobody_vouches_for_is_named(serve: Any, respond: Any, site_of: Any, tmp_path: Path) -> None:
    async def handler(request: Any) -> Any:
        return respond(200, b"dossier")

    evidence = collect_load(site_of(serve(handler, self_signed(tmp_path)).url))
    assert evidence.status is Status.ERROR
    assert evidence.reason is not None
    assert "certificate" in evidence.reason.en
    assert {fact.value for fact in evidence.facts} == {None}


def test_connections_closed_after_every_answer_cost_no_error(
    serve: Any, respond: Any, site_of: Any, brief: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "BUDGETS", {"quick": replace(brief, searches=False)})

    async def handler(request: Any) -> Any:
        return respond(200, b"dossier", {"Connection": "close"})

    facts = facts_of(collect_load(site_of(serve(handler).url)))
    assert facts["load.peak_error_rate"].value == 0


def test_a_clock_that_is_set_moves_no_step_and_is_said(
    serve: Any, respond: Any, site_of: Any, brief: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Jumping(campaign.Campaign):
        def __post_init__(self) -> None:
            asked = iter([datetime.now(UTC)])
            self.wall = lambda: next(asked, datetime.now(UTC) - timedelta(hours=1))
            super().__post_init__()

    monkeypatch.setattr(load, "Campaign", Jumping)
    monkeypatch.setattr(load, "BUDGETS", {"quick": replace(brief, most=1)})

    async def handler(request: Any) -> Any:
        return respond(200, b"dossier")

    began = datetime.now(UTC)
    evidence = collect_load(site_of(serve(handler).url))
    sustained = facts_of(evidence)["load.sustained_rps"]
    assert "clock was set by -3600 s" in sustained.detail
    columns = [column.name for column in evidence.tables[0].columns]
    starts = [datetime.fromisoformat(str(row[columns.index("started")])) for row in evidence.tables[0].rows]
    assert starts == sorted(starts)
    assert starts[0] >= began
