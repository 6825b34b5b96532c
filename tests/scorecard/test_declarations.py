"""Declarations become evidence with their owner, or one clear line."""

from __future__ import annotations

from datetime import date

import pytest

from scorecard.declarations import declared
from scorecard.evidence import Status, Unit
from scorecard.grading import grade
from scorecard.project import ProjectError, ProjectFile, parse
from scorecard.scorecard import Verdict


def project_that_declares(fact: str, value: str, day: str = "2026-11-01") -> ProjectFile:
    return parse(
        f"""
        [project]
        name = "Aid"
        users = 300_000
        [target]
        [[declarations]]
        fact = "{fact}"
        value = {value}
        owner = "Ann Martin"
        link = "https://proof"
        date = {day}
        """.encode()
    )


@pytest.mark.parametrize(
    ("fact", "written", "value", "unit"),
    [
        ("declared.vde.availability", '"99.9 %"', 0.999, Unit.RATIO),
        ("declared.integration.longest-timeout", '"800 ms"', 0.8, Unit.SECOND),
        ("declared.vde.satisfaction", "8.4", 8.4, Unit.SCORE_OF_10),
        ("declared.vde.reviews", "120", 120, Unit.COUNT),
        ("declared.trust.dpia", "false", False, Unit.YES_NO),
        ("declared.vde.feasible-online", '"partly"', "partly", Unit.TEXT),
    ],
)
def test_a_declaration_takes_the_unit_of_the_criterion_that_asks(fact, written, value, unit):
    found = declared(project_that_declares(fact, written))
    assert (found.name, found.status, found.project) == ("declarations", Status.COMPLETED, "Aid")
    (seen,) = found.facts
    assert (seen.id, seen.unit, seen.value) == (fact, unit, pytest.approx(value) if unit is Unit.RATIO else value)
    assert (seen.observed_on, seen.source) == (date(2026, 11, 1), "Ann Martin, https://proof")


@pytest.mark.parametrize(
    ("fact", "written", "complaint"),
    [
        ("declared.trust.dpai", "true", "did you mean 'declared.trust.dpia'?"),
        ("declared.zzzzzz", "true", "'portance criteria' lists"),
        ("declared.trust.dpia", '"yes"', "expected true or false"),
        ("declared.trust.dpia", "1", "expected true or false"),
        ("declared.vde.availability", "99.9", "a percentage such as"),
        ("declared.vde.availability", '"999 %"', "between 0 and 1"),
        ("declared.vde.satisfaction", "84", "between 0 and 10"),
        ("declared.vde.reviews", "true", "a number in 'count'"),
        ("declared.vde.reviews", "-3", "0 or more"),
        ("declared.vde.feasible-online", "true", "a word in quotes"),
        ("declared.integration.longest-timeout", "5", "a duration such as"),
    ],
)  # fmt: skip
def test_a_declaration_that_cannot_count_is_refused_in_one_line(fact, written, complaint):
    with pytest.raises(ProjectError, match=r"^declarations: ") as caught:
        declared(project_that_declares(fact, written))
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_declarations_every_declared_criterion_is_unknown(project, shipped, today):
    card = grade(project, shipped, [declared(project)], (), today)
    asked = [j for j in card.judged if j.criterion.basis == "declared"]
    here = {j.verdict for j in asked if project.project.kind in j.criterion.kinds}
    elsewhere = {j.verdict for j in asked if project.project.kind not in j.criterion.kinds}
    assert (here, elsewhere) == ({Verdict.UNKNOWN}, {Verdict.NOT_APPLICABLE})


def test_a_declaration_counts_from_its_own_date(shipped):
    project = project_that_declares("declared.trust.dpia", "true", "2026-11-01")
    found = declared(project)
    observed = found.provenance.started.date() if found.provenance is not None else date.min

    def verdict(on):
        card = grade(project, shipped, [found], (), on)
        return next(j.verdict for j in card.judged if j.criterion.fact == "declared.trust.dpia")

    assert observed > date(2020, 1, 1)
    assert verdict(date(2026, 11, 1)) is Verdict.PASS
    assert verdict(date(2026, 10, 31)) is Verdict.UNKNOWN
    assert verdict(date(2029, 12, 1)) is Verdict.UNKNOWN
