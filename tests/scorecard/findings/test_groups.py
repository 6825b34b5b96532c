"""Findings of one cause on one route are one group."""

from __future__ import annotations

import pytest

from scorecard.evidence import Finding, Severity
from scorecard.findings.groups import grouped
from scorecard.findings.route import Route, same_path

KNOWN = (
    Route("POST", "/api/v1/files", "files.py", 5, 7),
    Route("POST", "/api/v1/files", "store.py", 1, 2),
    Route("GET", "/", "store.py", 1, 2),
    Route("GET", "/api/v1/files/{number}", "files.py", 10, 12),
)


def finding(location: str, cwe: str = "CWE-89", severity: Severity = Severity.HIGH, **more: str) -> Finding:
    return Finding(category="code", rule="r", severity=severity, location=location, message="m", cwe=cwe, **more)


@pytest.mark.parametrize(
    ("template", "path", "same"),
    [
        ("/files/{id}", "/files/7", True),
        ("/files/<int:id>", "/files/{number}", True),
        ("/files/", "/files", True),
        ("/files/{id}", "/files", False),
        ("/files/{id}", "/firms/7", False),
    ],
)
def test_a_path_is_held_against_a_template(template, path, same):
    assert same_path(template, path) is same


def test_code_and_attack_on_one_route_are_one_group():
    code, attack = finding("files.py:7"), finding("POST /api/v1/files", severity=Severity.CRITICAL)
    (group,) = grouped([code, attack], KNOWN)
    assert (group.place, group.weakness, group.static, group.active) == ("POST /api/v1/files", "CWE-89", True, True)
    assert group.findings == (attack, code), "worst first"


def test_a_helper_belongs_to_the_route_that_was_attacked():
    groups = grouped([finding("store.py:2"), finding("POST /api/v1/files")], KNOWN)
    assert [(one.place, len(one.findings)) for one in groups] == [("POST /api/v1/files", 2)]


def test_a_number_in_an_address_is_the_placeholder_of_the_route():
    (group,) = grouped([finding("files.py:12"), finding("GET /api/v1/files/41?x=1")], KNOWN)
    assert group.place == "GET /api/v1/files/{number}"


def test_names_of_one_weakness_meet_and_others_do_not():
    both = [finding("files.py:7", cwe="CWE-77"), finding("POST /api/v1/files", cwe="CWE-78")]
    assert len(grouped(both, KNOWN)) == 1
    assert len(grouped([finding("files.py:7", cwe="CWE-79"), finding("POST /api/v1/files")], KNOWN)) == 2
    assert len(grouped([finding("store.py:99"), finding("POST /api/v1/files")], KNOWN)) == 2


def test_every_finding_is_in_one_group_without_routes_too():
    found = [finding("a.py:1"), finding("a.py:1"), finding("GET /a"), finding("pkg:pypi/a@1", cwe="")]
    groups = grouped(found)
    assert sorted(map(id, found)) == sorted(id(one) for group in groups for one in group.findings)
    assert len(groups) == 3
