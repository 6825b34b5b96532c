"""Every planted defect is found, named, placed and remedied in words; its sound twin gives nothing to the same look."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from defects import GROUND, PLANTED, Defect, Expected, defects
from proving import SCANNERS

from scorecard.criteria import catalogue
from scorecard.evidence import Evidence, Fact, Finding, Status
from scorecard.project import About, ProjectFile, TargetSection
from scorecard.site import Site

ROOT = GROUND.parents[1]
TABLE = ROOT / "docs" / "security" / "scanners.md"
DEFECTS = defects()
WANTED = {
    "sql-injection", "stored-xss", "reflected-xss", "path-traversal", "command-execution", "ssrf", "open-redirect",
    "object-level-access", "function-level-access", "missing-csrf", "session-fixation", "cookie-flags",
    "token-never-expires", "alg-none", "cors-credentials", "verbose-errors", "debug-route", "secret-in-source",
    "secret-in-containerfile", "secret-in-manifest", "secret-in-history", "weak-hash", "tls-not-verified",
    "vulnerable-dependency", "unbounded-upload", "no-rate-limit", "personal-data-in-log", "personal-data-in-url",
    "personal-data-in-trace", "cached-personal-page", "deleted-data-served",
}  # fmt: skip

each_defect = pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)


def test_the_defects_that_a_service_must_not_have_are_all_planted():
    assert {defect.name for defect in DEFECTS} >= WANTED


@each_defect
def test_it_is_sought_by_scanners_that_exist_and_counts_in_a_criterion(defect):
    assert defect.expected
    assert {one.scanner for one in defect.expected} <= set(defect.sought_by) <= set(SCANNERS)
    judged = {(criterion.evidence, criterion.fact) for criterion in catalogue()}
    assert {(one.scanner, one.fact) for one in defect.expected} <= judged


@each_defect
def test_it_is_found_named_placed_and_remedied_in_words(defect: Defect, looks):
    seen = looks(defect, "weak")
    for expected in defect.expected:
        evidence = seen[expected.scanner].evidence
        found = [
            one for one in _open(evidence) if one.cwe == expected.cwe and fnmatchcase(one.location, expected.place)
        ]
        assert found, _said(evidence)
        for finding in found:
            assert finding.rule
            assert len(finding.message) > 20
            assert len(finding.remedy) > 20
            assert finding.fingerprint
        assert _fact(evidence, expected).value is not None


@each_defect
def test_its_sound_twin_gives_nothing_though_it_was_looked_at(defect: Defect, looks):
    seen = looks(defect, "sound")
    for expected in defect.expected:
        evidence = seen[expected.scanner].evidence
        assert evidence.status is Status.COMPLETED, evidence.reason
        assert _open(evidence) == [], _said(evidence)
        sound, weak = (_fact(one[expected.scanner].evidence, expected) for one in (seen, looks(defect, "weak")))
        assert sound.value is not None, sound.reason
        assert sound.value != weak.value


def test_the_table_of_the_docs_has_a_row_for_every_defect():
    rows = re.findall(r"^\| \[([a-z-]+)\]\(", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [defect.name for defect in DEFECTS], "python tests/benchmarks/proving_ground.py writes it again"


def test_no_planted_secret_is_kept_in_this_repository():
    for path in GROUND.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            content = path.read_text(encoding="utf-8")
            assert not any(secret in content for secret in PLANTED.values()), path.name


def test_a_search_of_this_repository_for_secrets_does_not_trip_over_the_proving_ground(tmp_path):
    target = TargetSection(source=GROUND.relative_to(ROOT).as_posix())
    project = ProjectFile(project=About(name="This repository", users=1), target=target)
    evidence = SCANNERS["secrets"].collect(Site(project=project, root=ROOT, run=tmp_path))
    assert evidence.status is Status.COMPLETED, evidence.reason
    assert evidence.findings == ()


def _open(evidence: Evidence) -> list[Finding]:
    return [finding for finding in evidence.findings if finding.suppression is None]


def _fact(evidence: Evidence, expected: Expected) -> Fact:
    return {fact.id: fact for fact in evidence.facts}[expected.fact]


def _said(evidence: Evidence) -> str:
    found = [f"{one.rule} {one.cwe} {one.location}" for one in _open(evidence)]
    return f"{evidence.name} {evidence.status.value} ({evidence.reason and evidence.reason.en}): {found}"
