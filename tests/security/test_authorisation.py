"""Who may see what: each planted leak is caught on a real server, its clean twin is not, and silence is unknown."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import httpx
import pytest

from scorecard.evidence import Status, Unit
from scorecard.journeys.exchange import Budget
from scorecard.project import load
from scorecard.site import Site
from security import authorisation, sessions
from security.tampering import tampered, tampered_cookie
from security.trial import other_identifier

ROOT = Path(__file__).resolve().parents[2]
LEAKS = "security.authorisation_leaks"
COVERAGE = "security.authorisation_coverage"


@pytest.fixture
def replay(portal, portal_site, fact):
    """Replay the journeys of the portal with some defects; the evidence and its findings as (rule, location)."""

    def collect(*defects, **options):
        evidence = authorisation.collect(
            portal_site(portal(*defects), **options), random=Random(4), budget=lambda: Budget(options.get("left", 400))
        )
        return evidence, {(finding.rule, finding.location) for finding in evidence.findings}

    return collect


def test_the_clean_twin_leaks_nothing_and_every_request_was_tried(replay, fact):
    evidence, found = replay()
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert found == set()
    assert fact(evidence, LEAKS).value == 0
    assert fact(evidence, COVERAGE).value == 1.0
    requests = fact(evidence, "security.authorisation_requests")
    assert requests.unit is Unit.COUNT
    assert requests.value >= 30
    assert "as another person" in requests.detail
    assert "as other persona" in requests.detail


@pytest.mark.parametrize(
    ("defect", "rule", "location", "cwe"),
    [
        ("object", "object-level-access", "GET /files/{id}", "CWE-639"),
        ("object without echo", "object-level-access", "GET /files/{id}", "CWE-639"),
        ("object write", "object-level-access", "PUT /files/{id}", "CWE-639"),
        ("function", "function-level-access", "GET /agent/queue", "CWE-285"),
        ("function write", "function-level-access", "POST /agent/files/{id}/decision", "CWE-285"),
        ("authentication", "missing-authentication", "GET /files/{id}", "CWE-306"),
        ("authentication write", "missing-authentication", "POST /files", "CWE-306"),
        ("signature", "session-not-verified", "GET /files/{id}", "CWE-345"),
    ],
)
@pytest.mark.parametrize("manner", ["status", "polite", "token"])
def test_a_planted_leak_is_caught_and_named(replay, fact, defect, rule, location, cwe, manner):
    evidence, found = replay(defect, manner)
    assert (rule, location) in found, found
    assert {name for name, _ in found} == {rule}
    finding = next(one for one in evidence.findings if one.location == location)
    assert finding.cwe == cwe
    assert finding.asvs.startswith("v5.0.0-")
    assert finding.remedy
    assert fact(evidence, LEAKS).value == len(found)


@pytest.mark.parametrize("manner", ["token", "status"])
def test_without_any_page_of_its_own_a_person_is_still_known_to_be_signed_in(replay, fact, manner):
    only = ("page", "enter", "start", "change", "read")
    evidence, found = replay(manner, "no home", only=only)
    assert found == set()
    assert fact(evidence, COVERAGE).value == 1.0
    tried = {row[0] for table in evidence.tables for row in table.rows}
    assert tried == {"POST /files", "PUT /files/{id}", "GET /files/{id}"}
    _, found = replay(manner, "no home", "authentication write", only=only)
    assert found == {("missing-authentication", "POST /files")}


def test_a_page_that_says_no_with_status_200_is_no_leak(replay, fact):
    evidence, found = replay("polite")
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert found == set()
    assert fact(evidence, COVERAGE).value == 1.0


def test_sessions_in_a_header_are_tried_like_cookies(replay, fact):
    evidence, found = replay("token")
    assert found == set()
    assert fact(evidence, COVERAGE).value == 1.0


def test_a_public_page_is_no_leak_and_is_not_counted(replay):
    evidence, _ = replay()
    requests = {row[0] for table in evidence.tables for row in table.rows}
    assert "GET /help" not in requests
    assert "GET /files/{id}" in requests


def test_what_is_shown_to_all_who_are_signed_in_is_no_leak(replay):
    evidence, found = replay()
    assert found == set()
    rows = [row for table in evidence.tables for row in table.rows if str(row[0]).startswith("GET /slots/")]
    assert ("another person", "allowed") in {(row[2], row[3]) for row in rows}


def test_a_session_that_ends_makes_a_refusal_worth_nothing(replay, fact, assert_unknown):
    evidence, _ = replay("one session only")
    assert_unknown(evidence, LEAKS, "could not be tried")
    assert fact(evidence, COVERAGE).value < 1.0


@pytest.mark.parametrize("defect", ["limits requests", "fails for others"])
def test_an_answer_that_is_no_decision_is_no_refusal(replay, fact, assert_unknown, defect):
    evidence, _ = replay(defect)
    assert_unknown(evidence, LEAKS, "could not be tried")
    assert fact(evidence, COVERAGE).value != 1.0


def test_past_the_bound_nothing_is_said_to_be_clean(replay, fact, assert_unknown):
    evidence, _ = replay(left=60)
    assert evidence.status is Status.DEGRADED
    assert fact(evidence, LEAKS).value is None


def test_a_population_of_one_has_nobody_to_compare_with(replay, fact, assert_unknown):
    evidence, _ = replay(users=1)
    assert_unknown(evidence, LEAKS, "no session to try with")
    assert fact(evidence, COVERAGE).value < 1.0


def test_where_one_program_alone_goes_a_fellow_of_its_persona_tries(replay, fact):
    evidence, found = replay(program=True)
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert found == set()
    assert fact(evidence, COVERAGE).value == 1.0
    tried = {(row[2], row[3]) for table in evidence.tables for row in table.rows if row[0] == "GET /keyed"}
    assert ("another person", "refused") in tried
    _, found = replay("keyed", program=True)
    assert {location for _, location in found} == {"GET /keyed"}


def test_agents_of_another_group_are_refused_and_that_was_tried(replay, fact):
    evidence, found = replay(groups=True)
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert found == set()
    rows = {(row[0], row[3]) for table in evidence.tables for row in table.rows if row[2] == "agent of another group"}
    assert ("GET /agent/files/{id}", "refused") in rows
    assert ("POST /agent/files/{id}/decision", "refused") in rows
    assert ("GET /agent/queue", "allowed") in rows
    assert "as agent of another group" in fact(evidence, "security.authorisation_requests").detail


@pytest.mark.parametrize(
    ("defect", "location"),
    [
        ("group", "GET /agent/files/{id}"),
        ("group write", "POST /agent/files/{id}/decision"),
        ("group list", "GET /agent/queue"),
    ],
)
def test_what_another_group_sees_or_decides_is_caught(replay, defect, location):
    evidence, found = replay(defect, groups=True)
    assert found == {("group-level-access", location)}
    assert evidence.findings[0].cwe == "CWE-639"


def test_without_groups_no_group_is_tried(replay):
    evidence, _ = replay()
    assert "agent of another group" not in {row[2] for table in evidence.tables for row in table.rows}


def test_without_a_sign_in_there_was_nothing_to_protect(replay, assert_unknown):
    evidence, _ = replay(only=("help",))
    assert_unknown(evidence, LEAKS, "no sign-in was seen")


def test_a_key_that_all_share_is_no_other_session(portal, portal_site, fact, assert_unknown):
    keyed = {"name": "keyed", "get": "/keyed", "headers": {"X-Api-Key": "0123456789"}}
    site = portal_site(portal(), only=("keyed",), more=(keyed,))
    evidence = authorisation.collect(site, random=Random(4))
    assert_unknown(evidence, LEAKS, "no session to try with")
    assert evidence.findings == ()


def test_a_journey_that_stops_early_is_told(replay, fact, assert_unknown):
    evidence, _ = replay("breaks")
    assert_unknown(evidence, LEAKS, "stopped at the step")
    assert fact(evidence, COVERAGE).value < 1.0


@pytest.mark.parametrize(
    ("defect", "rule", "location"),
    [
        ("object write", "object-level-access", "PUT /files/{id}"),
        ("function write", "function-level-access", "POST /agent/files/{id}/decision"),
    ],
)
def test_a_leak_that_spoils_the_journey_is_still_told(replay, fact, defect, rule, location):
    evidence, found = replay(defect, "once")
    assert evidence.status is Status.DEGRADED
    assert found == {(rule, location)}
    assert fact(evidence, LEAKS).low == fact(evidence, LEAKS).value == 1


def test_a_service_without_journeys_is_unknown(make_site, assert_unknown):
    evidence = authorisation.collect(make_site(url="http://127.0.0.1:9"))
    assert_unknown(evidence, LEAKS, "no journey")


def test_a_service_elsewhere_is_left_alone(portal_site, assert_unknown):
    evidence = authorisation.collect(portal_site("https://service.example.test"))
    assert evidence.status is Status.SKIPPED
    assert_unknown(evidence, LEAKS, "remote = true")


def test_a_dead_service_is_unknown(portal_site, assert_unknown):
    evidence = authorisation.collect(portal_site("http://127.0.0.1:9"))
    assert_unknown(evidence, LEAKS, "stopped at the step")


def test_no_identifier_session_or_typed_value_is_written(replay, tmp_path, portal):
    evidence, found = replay("object", "object write")
    assert found
    written = evidence.model_dump_json() + "".join(
        path.read_text() for path in tmp_path.rglob("*") if path.is_file() and "raw" in path.parts
    )
    for value in portal.seen:
        assert value not in written


def test_a_tampered_session_differs_where_a_signature_matters():
    assert tampered("abcdefgh.0123abcd") == "abcdefgh.1123abcd"
    assert tampered("Bearer abcdefgh.f123") == "Bearer abcdefgh.a123"
    assert tampered("0123456789") == "0123466789"
    assert tampered("fr") == "fr"
    assert tampered_cookie("lang=fr; sid=0123456789") == "lang=fr; sid=0123466789"
    assert tampered_cookie("lang=fr") is None


@pytest.mark.parametrize("value", ["7", "42", "123456789", "0d3ff9a2-6f0f-4d09-9d5c-8f6f7d1b1a3e", "R-2026-AB"])
def test_an_identifier_made_up_is_another_one_of_the_same_form(value):
    other = other_identifier(value)
    assert other != value
    assert other.isdigit() == value.isdigit()


def test_the_reference_service_lets_nobody_see_what_is_not_theirs(tmp_path, fact):
    project = load(ROOT / "reference_app" / "portance.toml")
    assert project.target.start is not None
    words = [sys.executable, *shlex.split(project.target.start.format(port=0, workers=1))[1:]]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=log)
    try:
        url = _ready(process, tmp_path / "log")
        run = tmp_path / "run"
        site = Site(project=project, root=ROOT, run=run, url=url)
        evidence, tried = authorisation.collect(site), sessions.collect(site)
    finally:
        process.terminate()
        process.wait(30)
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert [finding.message for finding in evidence.findings] == []
    assert fact(evidence, LEAKS).value == 0
    assert fact(evidence, COVERAGE).value == 1.0
    assert fact(evidence, "security.authorisation_requests").value >= 50
    assert json.loads((run / "raw" / "authorisation" / "trials.json").read_text())
    assert tried.status is Status.COMPLETED, tried.reason
    assert [finding.message for finding in tried.findings] == []
    assert {one.id for one in tried.facts if one.value is None} == {"security.expired_session_refused"}
    assert fact(tried, "security.sign_out_ends_session").value is True


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        words = log.read_text().split()
        if "ready" in words:
            url = next(word for word in words if word.startswith("http://"))
            httpx.get(url, trust_env=False)
            return url
        time.sleep(0.1)
    raise AssertionError(log.read_text())
