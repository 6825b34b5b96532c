"""What gets through: each planted weakness is proved and placed; the sound twin gives nothing; silence is unknown."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from scorecard.evidence import Status
from scorecard.journeys import people
from scorecard.journeys.exchange import Budget
from scorecard.project_journeys import Journey, Step
from security import active, active_prober

SQL, SCRIPTS, RUN = "security.active_sql", "security.active_scripts", "security.active_executions"
FILES, FORGED = "security.active_files", "security.active_requests_forged"
REDIRECTS, UPLOADS = "security.active_redirects", "security.active_uploads"
COUNTS = (SQL, SCRIPTS, RUN, FILES, FORGED, REDIRECTS, UPLOADS)

SEARCH = {"name": "search", "get": "/search?q=Tulle"}
FORM = {"name": "form", "get": "/files?name=aid.txt"}
LABEL = {"name": "label", "post": "/labels", "json": {"address": "12 rue des Lilas", "copies": 2}}
FETCH = {"name": "fetch", "post": "/fetch", "json": {"url": "https://documents.example.org/a.pdf"}}
GO = {"name": "go", "get": "/go?to=/", "expect": 200}
STEPS = (SEARCH, FORM, LABEL, FETCH, GO)


@pytest.fixture
def look(town, town_site, monkeypatch):
    """Try the town with some defects; the facts and the evidence."""

    def collect(*defects, steps=STEPS, budget=None, **options):
        if "late ssrf" not in defects:
            monkeypatch.setattr(active_prober, "LATE_S", 0.0)
        site = town_site(town(*defects), steps=steps, **options)
        more = {} if budget is None else {"budget": lambda _: budget}
        evidence = active.collect(replace(site, profile="quick"), random=Random(8), **more)
        return {fact.id: fact.value for fact in evidence.facts}, evidence

    return collect


def test_the_sound_town_lets_nothing_through(look):
    facts, evidence = look(openapi="/openapi.json")
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert {name: facts[name] for name in COUNTS} == dict.fromkeys(COUNTS, 0)
    assert evidence.findings == ()
    assert facts["security.active_places"] >= 8
    assert facts["security.active_coverage"] >= 0.8


@pytest.mark.parametrize(
    ("defect", "fact", "rule", "cwe", "place", "step"),
    [
        ("sql", SQL, "sql-injection", "CWE-89", "GET /search", SEARCH),
        ("sql told", SQL, "sql-injection", "CWE-89", "GET /search", SEARCH),
        ("sql hidden", SQL, "sql-injection", "CWE-89", "GET /search", SEARCH),
        ("reflects", SCRIPTS, "reflected-xss", "CWE-79", "GET /search", SEARCH),
        ("attribute", SCRIPTS, "reflected-xss", "CWE-79", "GET /search", SEARCH),
        ("script", SCRIPTS, "reflected-xss", "CWE-79", "GET /search", SEARCH),
        ("stored", SCRIPTS, "stored-xss", "CWE-79", "POST /notes", None),
        ("stored for agents", SCRIPTS, "stored-xss", "CWE-79", "POST /notes", None),
        ("traversal", FILES, "path-traversal", "CWE-22", "GET /files", FORM),
        ("command", RUN, "command-execution", "CWE-78", "POST /labels", LABEL),
        ("blind command", RUN, "command-execution", "CWE-78", "POST /labels", LABEL),
        ("code", RUN, "code-execution", "CWE-95", "POST /labels", LABEL),
        ("template", RUN, "template-injection", "CWE-1336", "POST /labels", LABEL),
        ("ssrf", FORGED, "server-side-request-forgery", "CWE-918", "POST /fetch", FETCH),
        ("late ssrf", FORGED, "server-side-request-forgery", "CWE-918", "POST /fetch", FETCH),
        ("redirect", REDIRECTS, "open-redirect", "CWE-601", "GET /go", GO),
        ("hidden redirect", REDIRECTS, "open-redirect", "CWE-601", "GET /language", None),
        ("upload", UPLOADS, "unbounded-upload", "CWE-770", "POST /labels", LABEL),
    ],
)
def test_a_planted_weakness_is_proved_placed_and_named(look, defect, fact, rule, cwe, place, step):
    facts, evidence = look(defect, steps=() if step is None else (step,))
    assert facts[fact] >= 1
    assert {name for name in COUNTS if facts[name]} == {fact}
    found = {(finding.rule, finding.cwe, finding.location) for finding in evidence.findings}
    assert (rule, cwe, place) in found, found
    assert {finding.rule for finding in evidence.findings} == {rule}
    assert all(finding.remedy and finding.asvs and "was sent" in finding.message for finding in evidence.findings)


def test_what_only_the_document_tells_of_is_tried_too(look):
    facts, evidence = look("command", steps=(), openapi="/openapi.json")
    assert facts[RUN] == 1
    assert evidence.findings[0].location == "POST /labels"


def test_a_file_of_any_size_is_told_from_one_that_is_refused(look):
    _, evidence = look("upload", steps=(), openapi="/openapi.json")
    assert "POST /documents" in {finding.location for finding in evidence.findings}
    assert look(steps=(), openapi="/openapi.json")[0][UPLOADS] == 0


def test_a_service_that_fails_on_every_quote_is_no_injection(look):
    facts, evidence = look("crashes on quotes", steps=(SEARCH,))
    assert facts[SQL] == 0
    assert evidence.findings == ()


def test_where_nothing_takes_a_value_nothing_is_cleared(answer, serve, make_site, assert_unknown):
    served = serve(lambda _method, _path, _headers: answer(body="a page"))
    site = make_site(url=served)
    journey = Journey(name="read", steps=(Step(name="read", get="/"),))
    site = replace(site, project=site.project.model_copy(update={"journeys": (journey,)}))
    evidence = active.collect(site, random=Random(8))
    assert evidence.status is Status.DEGRADED
    for name in (SQL, SCRIPTS, REDIRECTS):
        assert_unknown(evidence, name, "take a value from a visitor")
    assert_unknown(evidence, UPLOADS, "takes a file or a text")


def test_too_few_requests_clear_nothing(look, assert_unknown):
    _, evidence = look(budget=Budget(left=60))
    assert_unknown(evidence, SQL, "could not be tried to the end")


def test_what_was_found_before_the_end_is_kept_as_a_lower_bound(look, fact):
    _, evidence = look("sql", steps=(SEARCH,), budget=Budget(left=290))
    assert evidence.status is Status.DEGRADED
    one = fact(evidence, SQL)
    assert (one.value, one.low) == (1, 1)


def test_a_document_that_is_none_is_said_and_the_rest_goes_on(look, fact):
    _, evidence = look("sql", steps=(SEARCH,), openapi="/search?q=x")
    assert fact(evidence, SQL).value == 1
    assert "no OpenAPI document" in evidence.reason.en


@pytest.mark.parametrize(("url", "active_setting", "word"), [
    ("https://town.example", None, "remote = true"),
    ("http://127.0.0.1:9", False, "active = false"),
    (None, None, "no service runs"),
])  # fmt: skip
def test_nothing_is_tried_where_nobody_asked_for_it(town_site, assert_unknown, url, active_setting, word):
    site = town_site("http://127.0.0.1:9", security={"active": active_setting})
    assert_unknown(active.collect(replace(site, url=url)), SQL, word)


def test_a_remote_service_is_attacked_only_when_its_owner_says_so(town_site, assert_unknown):
    site = replace(town_site("https://town.example", remote=True), url="https://town.example", server_pids=())
    assert_unknown(active.collect(site), SQL, "[security] active = true")


def test_a_dead_service_clears_nothing(town_site, assert_unknown):
    assert_unknown(active.collect(town_site("http://127.0.0.1:9")), SQL, "could not be tried")


def test_nothing_typed_stands_in_what_is_written(look, tmp_path):
    typed = {"name": "search", "get": "/search?q={name}"}
    facts, evidence = look("sql", "stored", "redirect", steps=(typed, SEARCH, GO))
    assert facts[SQL] == 1
    raw = tmp_path / "runs" / "one" / "raw" / "active"
    written = evidence.model_dump_json() + "".join(path.read_text() for path in raw.iterdir())
    assert "usager-" not in written
    assert "right for" not in written
    assert not any(name in written for name in people._LAST)


@pytest.mark.parametrize("local", [True, False])
def test_a_service_that_may_not_be_able_to_call_back_is_not_cleared_of_calling(
    town, town_site, monkeypatch, fact, local
):
    monkeypatch.setattr(active, "is_local", lambda _: local)
    monkeypatch.setattr(active_prober, "LATE_S", 0.0)
    site = replace(town_site(town(), security={"active": True}), server_pids=())
    evidence = active.collect(site, random=Random(8))
    assert fact(evidence, SQL).value == 0
    assert fact(evidence, FORGED).value is None
    assert "not known whether it can call the listener" in fact(evidence, FORGED).reason.en
