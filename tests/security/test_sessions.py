"""Sessions: each planted defect is caught and named, its sound twin is not, and what was not tried is unknown."""

from __future__ import annotations

from random import Random

import pytest

from scorecard.evidence import Status
from scorecard.journeys.exchange import Budget
from security import forms, sessions, tokens
from security.session_trials import Clock

FIXATION = "security.session_fixation"
SIGN_OUT = "security.sign_out_ends_session"
LIFETIME = "security.session_lifetime"
ENDLESS = "security.tokens_without_expiry"
FORGEABLE = "security.tokens_forgeable"
CROSS_SITE = "security.requests_forgeable"
REDIRECTS = "security.sign_in_redirects_open"
CACHEABLE = "security.personal_pages_cacheable"
COOKIES = "security.session_cookies_weak"
AGED = "security.expired_session_refused"
SOUND = {
    FIXATION: False,
    SIGN_OUT: True,
    ENDLESS: 0,
    FORGEABLE: 0,
    CROSS_SITE: 0,
    REDIRECTS: False,
    CACHEABLE: 0,
    COOKIES: 0,
}


@pytest.fixture
def tried(lobby, lobby_site):
    """Try the sessions of a lobby with some defects; the facts and the evidence."""

    def collect(*defects, left=600, **options):
        url, service = lobby(*defects)
        evidence = sessions.collect(
            lobby_site(url, **options),
            random=Random(4),
            budget=lambda: Budget(left),
            clock=Clock(sleep=service.sleep),
        )
        return {fact.id: fact.value for fact in evidence.facts}, evidence

    return collect


@pytest.mark.parametrize("manner", [(), ("jwt",), ("rs256",), ("token only",), ("slow sign-out",)])
def test_the_sound_twin_gives_no_finding(tried, manner):
    facts, evidence = tried(*manner)
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert [finding.message for finding in evidence.findings] == []
    assert 1700 <= facts.pop(LIFETIME) <= 1800
    assert facts.pop(AGED) is None, "half an hour is longer than a quick profile waits"
    assert facts == SOUND


@pytest.mark.parametrize(
    ("defects", "fact", "value", "rule", "place", "cwe"),
    [
        (("keeps identifier",), FIXATION, True, "session-fixation", "POST /sign-in", "CWE-384"),
        (("takes any identifier",), FIXATION, True, "session-fixation", "POST /sign-in", "CWE-384"),
        (("survives sign-out",), SIGN_OUT, False, "session-survives-sign-out", "POST /sign-out", "CWE-613"),
        (("jwt", "survives sign-out"), SIGN_OUT, False, "session-survives-sign-out", "POST /sign-out", "CWE-613"),
        (("no exp",), ENDLESS, 1, "token-never-expires", "POST /sign-in", "CWE-613"),
        (("alg none",), FORGEABLE, 1, "token-without-signature", "GET /home", "CWE-347"),
        (("rs256", "key confusion"), FORGEABLE, 1, "token-key-confusion", "GET /home", "CWE-347"),
        (("weak key",), FORGEABLE, 1, "token-weak-key", "GET /home", "CWE-1391"),
        (("any origin",), CROSS_SITE, 1, "cross-site-request", "POST /note", "CWE-352"),
        (("token of anybody",), CROSS_SITE, 1, "cross-site-request", "POST /note", "CWE-352"),
        (("token only", "any text"), CROSS_SITE, 1, "cross-site-request", "POST /api/note", "CWE-352"),
        (("next anywhere",), REDIRECTS, True, "sign-in-open-redirect", "POST /sign-in", "CWE-601"),
        (("next by prefix",), REDIRECTS, True, "sign-in-open-redirect", "POST /sign-in", "CWE-601"),
        (("no cache-control",), CACHEABLE, 1, "personal-page-cacheable", "GET /home", "CWE-525"),
        (("public",), CACHEABLE, 1, "personal-page-cacheable", "GET /home", "CWE-524"),
        (("shared cache",), CACHEABLE, 1, "personal-page-served-to-others", "GET /home", "CWE-524"),
    ],
)
def test_a_planted_defect_is_caught_and_named(tried, defects, fact, value, rule, place, cwe):
    facts, evidence = tried(*defects)
    found = {(finding.rule, finding.location, finding.cwe) for finding in evidence.findings}
    assert (rule, place, cwe) in found, found
    assert {name for name, _, _ in found} == {rule}
    assert facts[fact] == value
    for finding in evidence.findings:
        assert finding.remedy
        assert finding.asvs.startswith("v5.0.0-")


def test_samesite_alone_is_a_weaker_defence(tried):
    _, evidence = tried("any origin", "no samesite")
    found = {finding.rule: finding.severity.value for finding in evidence.findings}
    assert found == {"cross-site-request": "high", "cookie-weak": "medium"}
    _, evidence = tried("any origin")
    assert [finding.severity.value for finding in evidence.findings] == ["medium"]
    assert "Only SameSite" in evidence.findings[0].message


def test_a_weak_cookie_set_at_sign_in_is_found_where_it_is_set(tried):
    facts, evidence = tried("no samesite")
    assert facts[COOKIES] == 1
    assert [(one.rule, one.location, one.cwe) for one in evidence.findings] == [
        ("cookie-weak", "POST /sign-in", "CWE-1004")
    ]


def test_a_session_of_ten_years_is_told(tried):
    facts, evidence = tried("ten years")
    assert facts[LIFETIME] > 300_000_000
    assert [finding.rule for finding in evidence.findings] == ["session-too-long"]
    assert "3650 days" in evidence.findings[0].message


@pytest.mark.parametrize(("defects", "kept"), [(("short",), True), (("short", "outlives"), False)])
def test_a_session_is_outlasted_and_must_have_ended(tried, defects, kept):
    facts, evidence = tried(*defects, profile="standard")
    assert facts[AGED] is kept
    rules = [finding.rule for finding in evidence.findings]
    assert rules == ([] if kept else ["session-outlives-its-end"])


@pytest.mark.parametrize(("defect", "word"), [("hidden end", "says nothing of its end"), ("no exp", "names no end")])
def test_an_end_that_is_not_said_is_unknown(tried, fact, defect, word):
    facts, evidence = tried(defect)
    assert facts[LIFETIME] is None
    assert word in fact(evidence, LIFETIME).reason.en


def test_without_a_way_out_signing_out_is_unknown(tried, fact):
    facts, evidence = tried("no way out")
    assert facts[SIGN_OUT] is None
    assert "no way to sign out" in fact(evidence, SIGN_OUT).reason.en
    assert {**facts, SIGN_OUT: True, LIFETIME: 0, AGED: 0} == {**SOUND, LIFETIME: 0, AGED: 0}


@pytest.mark.parametrize("left", [0, 3, 8, 12, 20, 40])
def test_past_the_bound_nothing_is_said_to_be_clean(tried, left):
    facts, evidence = tried(left=left)
    assert evidence.status is not Status.COMPLETED
    assert facts[REDIRECTS] is None
    assert facts[FIXATION] is None


def test_a_population_of_one_leaves_requests_from_other_sites_unknown(tried, fact):
    facts, evidence = tried(users=1)
    assert facts[CROSS_SITE] is None
    assert "nobody else" in fact(evidence, CROSS_SITE).reason.en
    assert facts[FIXATION] is False


def test_without_a_sign_in_there_is_no_session_to_try(portal, portal_site, assert_unknown):
    evidence = sessions.collect(portal_site(portal(), only=("help",)), random=Random(4))
    assert evidence.status is Status.SKIPPED
    for name in sessions.FACTS:
        assert_unknown(evidence, name, "no sign-in was seen")


def test_a_token_in_a_header_cannot_be_sent_by_another_site(portal, portal_site):
    evidence = sessions.collect(portal_site(portal("token")), random=Random(4))
    facts = {fact.id: fact.value for fact in evidence.facts}
    assert facts[CROSS_SITE] == 0
    assert facts[FIXATION] is False


def test_where_nothing_is_changed_nothing_could_be_forged_and_that_is_unknown(portal, portal_site):
    evidence = sessions.collect(portal_site(portal(), only=("page", "enter", "slots")), random=Random(4))
    fact = next(one for one in evidence.facts if one.id == CROSS_SITE)
    assert fact.value is None
    assert "nothing to forge" in fact.reason.en


def test_agents_and_citizens_are_both_tried(portal, portal_site, fact):
    evidence = sessions.collect(portal_site(portal()), random=Random(4))
    assert fact(evidence, FIXATION).detail == "in 2 journeys"


def test_a_service_elsewhere_is_left_alone(lobby_site, assert_unknown):
    evidence = sessions.collect(lobby_site("https://service.example.test"))
    assert evidence.status is Status.SKIPPED
    assert_unknown(evidence, FIXATION, "remote = true")


def test_a_dead_service_is_unknown(lobby_site, assert_unknown):
    evidence = sessions.collect(lobby_site("http://127.0.0.1:9"))
    assert_unknown(evidence, FIXATION, "stopped at the step")


@pytest.mark.parametrize("defect", ["any origin", "no exp", "shared cache", "survives sign-out", "next anywhere"])
def test_no_session_token_or_typed_value_is_written(lobby, lobby_site, tmp_path, defect):
    url, service = lobby(defect)
    evidence = sessions.collect(lobby_site(url), random=Random(4))
    assert evidence.findings
    written = evidence.model_dump_json() + "".join(
        path.read_text() for path in tmp_path.rglob("*") if path.is_file() and "raw" in path.parts
    )
    assert service.seen
    for value in service.seen:
        assert value not in written


def test_forms_and_links_are_read_from_a_broken_page():
    page = forms.read(
        '<form action="/a" METHOD=post><input name=x value="1&amp;2"><a href="/b?c=/d">e<form><input name=y>'
    )
    assert [(form.action, form.method, form.fields) for form in page.forms] == [
        ("/a", "POST", {"x": "1&2"}),
        ("", "GET", {"y": ""}),
    ]
    assert page.links == ("/b?c=/d",)


@pytest.mark.parametrize("text", ["eyJhbGciOjF9.x", "eyJ.eyJ.x", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.bm90IGpzb24.x", ""])
def test_what_is_no_token_is_not_taken_for_one(text):
    assert list(tokens.find(text)) == []
