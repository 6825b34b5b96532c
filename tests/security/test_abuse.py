"""Abuse beside honest users: a missing limit is found, one that holds is told from one that refuses everybody."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from scorecard.evidence import Status
from scorecard.journeys.exchange import Reply
from security import abuse
from security.abuse import Length
from security.abuse_attack import Onslaught, Scenario, attacks

UNLIMITED, FIRST = "security.abuse_unlimited", "security.abuse_first_limit"
SAID, ERRORS, P95 = "security.abuse_retry_after", "security.abuse_honest_errors", "security.abuse_honest_p95"
SHORT = Length(calm_s=0.3, requests=220, least_s=0.5, most_s=60.0)


@pytest.fixture
def look(town, town_site):
    """Abuse the town with some defects; the facts and the evidence."""

    def collect(*defects, length=SHORT, **options):
        evidence = abuse.collect(town_site(town(*defects), **options), random=Random(3), length=length)
        return {fact.id: fact.value for fact in evidence.facts}, evidence

    return collect


def test_a_service_without_limits_is_found_out_by_each_scenario(look):
    facts, evidence = look()
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert (facts[UNLIMITED], facts[FIRST], facts[SAID]) == (3, None, None)
    found = {(finding.rule, finding.location, finding.cwe) for finding in evidence.findings}
    assert found == {
        ("no-limit-sign-in", "POST /sign-in", "CWE-307"),
        ("no-limit-creation", "POST /notes", "CWE-770"),
        ("no-limit-flood", "GET /notes", "CWE-770"),
    }
    assert all(finding.remedy for finding in evidence.findings)


def test_limits_that_hold_leave_honest_users_alone(look):
    facts, evidence = look("limits")
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert (facts[UNLIMITED], facts[SAID], facts[ERRORS]) == (0, True, 0.0)
    assert 100 <= facts[FIRST] <= 200
    assert facts[P95] > 0
    assert evidence.findings == ()
    rows = evidence.tables[0].rows
    assert [row[0] for row in rows] == ["before", "sign-in", "creation", "flood", "after"]
    assert all(row[4] > 0 for row in rows), "honest users asked for something in each phase"


def test_a_limit_that_does_not_say_when_to_come_back_is_told(look):
    facts, _ = look("limits silently")
    assert (facts[UNLIMITED], facts[SAID]) == (0, False)


def test_a_limit_that_refuses_everybody_shows_in_the_errors_of_honest_users(look):
    facts, _ = look("limits everybody")
    assert facts[UNLIMITED] == 0
    assert facts[ERRORS] > 0.05, "above the line of the criterion"


def test_a_limit_of_sign_ins_that_one_uses_up_for_all_shows_too(look):
    facts, _ = look("limits sign-in for all")
    assert facts[ERRORS] > 0


def test_too_few_requests_do_not_tell_that_there_is_no_limit(look, assert_unknown):
    _, evidence = look(length=Length(calm_s=0.1, requests=100_000, least_s=0.1, most_s=0.3))
    assert_unknown(evidence, UNLIMITED, "too few")


@pytest.mark.parametrize(("url", "setting", "word"), [
    ("https://town.example", None, "on this machine"),
    ("http://127.0.0.1:9", False, "active = false"),
    (None, None, "no service runs"),
    ("http://127.0.0.1:9", None, "no honest user"),
])  # fmt: skip
def test_what_was_not_tried_is_unknown(town_site, assert_unknown, url, setting, word):
    site = town_site("http://127.0.0.1:9", security={"active": setting}, remote=True)
    assert_unknown(abuse.collect(replace(site, url=url), length=SHORT), UNLIMITED, word)


def replies(*statuses):
    return [Reply(status) for status in statuses]


@pytest.mark.parametrize(
    ("scenario", "statuses", "first"),
    [
        (Scenario.FLOOD, [200] * 30, None),
        (Scenario.FLOOD, [200] * 30 + [429], 30),
        (Scenario.SIGN_IN, [401] * 5 + [423], 5),
        (Scenario.SIGN_IN, [401] * 30, None),
        (Scenario.CREATION, [201] * 5 + [409] * 12, 5),
        (Scenario.CREATION, [201] * 5 + [409] * 3, None),
        (Scenario.CREATION, [422] * 30, None),
        (Scenario.HOARDING, [201] + [500] * 30, None),
    ],
)
def test_a_limit_is_told_from_a_refusal(town_site, scenario, statuses, first):
    site = town_site("http://127.0.0.1:9")
    attack = replace(next(attacks(site.project.journeys[0], site.url)), scenario=scenario)
    assert Onslaught(attack, replies=replies(*statuses)).first_limit == first


def test_booking_is_told_from_other_writing(town_site):
    step = {"name": "book", "post": "/creneaux/1", "form": {"name": "{name}"}}
    site = town_site("http://127.0.0.1:9", steps=(step,))
    found = {attack.scenario: attack.step.path for attack in attacks(site.project.journeys[0], site.url)}
    assert found == {
        Scenario.SIGN_IN: "/sign-in",
        Scenario.CREATION: "/notes",
        Scenario.HOARDING: "/creneaux/1",
        Scenario.FLOOD: "/notes",
    }


def test_nothing_typed_stands_in_what_is_written(look, tmp_path):
    _, evidence = look("limits")
    raw = tmp_path / "runs" / "one" / "raw" / "abuse"
    written = evidence.model_dump_json() + "".join(path.read_text() for path in raw.iterdir())
    assert "usager-" not in written
    assert "right for" not in written
