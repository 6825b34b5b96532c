"""The reference service has none of the planted defects: every scanner that needs no network looks at it."""

from __future__ import annotations

import pytest
from defects import defects
from proving import SCANNERS, Look, look_at_reference

from scorecard.evidence import Severity, Status

# Asks a service of advisories, which tests do not; what it finds depends on the day.
ASKS_THE_NETWORK = "dependencies"
HAS_NOTHING_TO_READ = "workflows"  # this repository has no GitHub workflow
SLIGHT = (Severity.LOW, Severity.NONE)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Look]:
    """What the scanners say of the reference service."""
    wanted = set(SCANNERS) - {ASKS_THE_NETWORK}
    return look_at_reference(wanted, tmp_path_factory.mktemp("reference"), profile="smoke", patient=True)


@pytest.mark.parametrize("scanner", sorted(set(SCANNERS) - {ASKS_THE_NETWORK}))
def test_a_scanner_finds_nothing_there_that_is_worse_than_low(scanner, seen):
    evidence = seen[scanner].evidence
    found = [one for one in evidence.findings if one.suppression is None and one.severity not in SLIGHT]
    assert found == []


def test_the_scanners_that_find_the_planted_defects_looked_at_it(seen):
    finders = {one.scanner for defect in defects() for one in defect.expected} - {ASKS_THE_NETWORK, HAS_NOTHING_TO_READ}
    ended = {scanner: seen[scanner].evidence.status for scanner in finders}
    assert [scanner for scanner, status in ended.items() if status in (Status.ERROR, Status.SKIPPED)] == []
