"""What was typed and where it turns up: each planted leak is caught, the clean twin is clean, silence is unknown."""

from __future__ import annotations

from random import Random

import pytest

from scorecard.evidence import Status
from security import logged_values, typed_values

LOG = "security.personal_values_in_log"
URLS = "security.personal_values_in_urls"
ERRORS = "security.personal_values_in_errors"
METRICS = "security.personal_values_in_metrics"


@pytest.fixture
def look(portal, portal_site):
    """Type values into the portal with some defects; the facts and the evidence."""

    def collect(*defects, **options):
        evidence = typed_values.collect(portal_site(portal(*defects), **options), random=Random(4))
        return {fact.id: fact.value for fact in evidence.facts}, evidence

    return collect


def test_the_clean_twin_keeps_what_was_typed_to_itself(look):
    facts, evidence = look()
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert facts == {LOG: 0, URLS: 0, ERRORS: 0, METRICS: 0}
    assert evidence.findings == ()


@pytest.mark.parametrize(
    ("defect", "fact", "rule", "cwe"),
    [
        ("logs the body", LOG, "personal-data-in-log", "CWE-532"),
        ("in a redirect", URLS, "personal-data-in-url", "CWE-598"),
        ("in a link", URLS, "personal-data-in-url", "CWE-598"),
        ("echoes errors", ERRORS, "personal-data-in-error", "CWE-209"),
    ],
)
def test_a_planted_leak_is_caught_and_named(look, defect, fact, rule, cwe):
    facts, evidence = look(defect)
    assert facts[fact] > 0
    assert {name for name, value in facts.items() if value} == {fact}
    assert {finding.rule for finding in evidence.findings} == {rule}
    assert {finding.cwe for finding in evidence.findings} == {cwe}
    assert all(finding.remedy for finding in evidence.findings)


def test_an_address_that_a_journey_fills_in_and_the_service_logs_is_found_twice(look):
    facts, evidence = look("logs the address", more=({"name": "search", "get": "/search?iban={iban}"},))
    assert facts[URLS] == 1
    assert facts[LOG] == 1
    assert {finding.location for finding in evidence.findings} == {"service.log", "GET /search"}


def test_a_value_the_project_file_holds_is_looked_for_too(look):
    step = {"name": "change", "put": "/files/{id}", "json": {"a": 1, "nir": "2 55 08 14 168 025 38"}}
    facts, _ = look("logs the body", more=(step,))
    assert facts[LOG] == 3, "e-mail, IBAN and NIR"


def test_a_value_across_two_reads_of_the_log_is_found(look, monkeypatch):
    monkeypatch.setattr(logged_values, "_CHUNK", 7)
    assert look("logs the body")[0][LOG] == 2


def test_a_log_too_long_to_be_read_clears_nothing(look, monkeypatch, assert_unknown):
    monkeypatch.setattr(logged_values, "LOG_LIMIT", 2)
    _, evidence = look()
    assert_unknown(evidence, LOG, "not read to its end")


def test_a_service_that_was_not_started_here_has_a_log_nobody_saw(portal, portal_site, assert_unknown, fact):
    site = portal_site(portal())
    (site.run / "raw" / "service" / "service.log").unlink()
    evidence = typed_values.collect(site)
    assert_unknown(evidence, LOG, "not started by this run")
    assert fact(evidence, URLS).value == 0


def test_without_a_personal_value_nothing_was_looked_for(look, assert_unknown):
    _, evidence = look(only=("help",))
    assert_unknown(evidence, LOG, "type no personal value")


def test_a_journey_that_stops_leaves_the_rest_unknown(look, assert_unknown):
    _, evidence = look("breaks")
    assert_unknown(evidence, URLS, "stopped at the step")


def test_no_typed_value_is_written(look, portal, tmp_path):
    _, evidence = look("logs the body", "in a redirect", "echoes errors")
    raw = tmp_path / "runs" / "one" / "raw" / "personal-data"
    written = evidence.model_dump_json() + "".join(path.read_text() for path in raw.iterdir())
    for value in portal.seen:
        assert value not in written
