"""The reference service has none of the planted defects: every scanner that needs no network looks at it."""

from __future__ import annotations

import pytest
from defects import defects
from proving import ASKS_THE_NETWORK, SCANNERS

from scorecard.evidence import Status

HAS_NOTHING_TO_READ = "workflows"  # this repository has no GitHub workflow


@pytest.mark.parametrize("scanner", sorted(set(SCANNERS) - {ASKS_THE_NETWORK}))
def test_a_scanner_finds_nothing_there(scanner, reference):
    assert [one for one in reference[scanner].evidence.findings if one.suppression is None] == []


def test_the_scanners_that_find_the_planted_defects_looked_at_it(reference):
    finders = {one.scanner for defect in defects() for one in defect.expected} - {ASKS_THE_NETWORK, HAS_NOTHING_TO_READ}
    ended = {scanner: reference[scanner].evidence.status for scanner in finders}
    assert [scanner for scanner, status in ended.items() if status in (Status.ERROR, Status.SKIPPED)] == []
