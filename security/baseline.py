"""Findings against those of an earlier run: new, unchanged, absent, in the words of SARIF 2.1.0 (baselineState)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scorecard.evidence import Evidence, Finding, Status


class State(StrEnum):
    """What became of a finding since the earlier run."""

    NEW = "new"
    UNCHANGED = "unchanged"
    ABSENT = "absent"


@dataclass(frozen=True)
class Compared:
    """A finding and what became of it; an absent one is that of the earlier run."""

    finding: Finding
    state: State


def compared(now: Sequence[Evidence], earlier: Sequence[Evidence]) -> tuple[Compared, ...]:
    """Every finding of ``now``, then those of ``earlier`` that are gone.

    Findings meet by their fingerprint, so that a moved line is no new finding. One that the earlier run had is gone
    only when the same collector looked at everything this time; where it did not, nothing is said of it. Where the
    earlier run did not look, every finding counts as new.
    """
    before = {finding.fingerprint for one in earlier for finding in one.findings}
    after = {finding.fingerprint for one in now for finding in one.findings}
    looked = {one.name for one in now if one.status is Status.COMPLETED}
    return (
        *(
            Compared(finding, State.UNCHANGED if finding.fingerprint in before else State.NEW)
            for one in now
            for finding in one.findings
        ),
        *(
            Compared(finding, State.ABSENT)
            for one in earlier
            if one.name in looked
            for finding in one.findings
            if finding.fingerprint not in after
        ),
    )
