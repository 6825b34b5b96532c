"""Findings against those of an earlier run: new, unchanged, absent, in the words of SARIF 2.1.0 (baselineState)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scorecard.evidence import Evidence, Finding, Status

_WITHOUT_FINDINGS = ("loadtests", "portance", "scorecard")
"""Rooms that measure or declare: their evidence holds no finding, so that its lack hides none."""


class State(StrEnum):
    """What became of a finding since the earlier run."""

    NEW = "new"
    UNCHANGED = "unchanged"
    ABSENT = "absent"


@dataclass(frozen=True)
class Compared:
    """A finding, the evidence that holds it, and what became of it; an absent one is that of the earlier run."""

    finding: Finding
    evidence: Evidence
    state: State


def compared(now: Sequence[Evidence], earlier: Sequence[Evidence]) -> tuple[Compared, ...]:
    """Every finding of ``now``, in its order, then those of ``earlier`` that are gone.

    Findings meet by their fingerprint, so that a moved line is no new finding; one without meets by its rule, place
    and words. One that the earlier run had is gone only when the same collector looked at everything this time; where
    it did not, nothing is said of it. Where the earlier run did not look, every finding counts as new.
    """
    before = {_identity(finding) for one in earlier for finding in one.findings}
    after = {_identity(finding) for one in now for finding in one.findings}
    looked = {one.name for one in now if one.status is Status.COMPLETED}
    return (
        *(
            Compared(finding, one, State.UNCHANGED if _identity(finding) in before else State.NEW)
            for one in now
            for finding in one.findings
        ),
        *(
            Compared(finding, one, State.ABSENT)
            for one in earlier
            if one.name in looked
            for finding in one.findings
            if _identity(finding) not in after
        ),
    )


def not_looked_again(now: Sequence[Evidence], earlier: Sequence[Evidence]) -> tuple[str, ...]:
    """Names of the evidence of ``earlier`` that looked for findings and that ``now`` has not, or not to its end.

    What stands there now is not known: that no new finding is seen says nothing of it.
    """
    whole = {one.name for one in now if one.status is Status.COMPLETED}
    partly = {one.name for one in now if one.status is Status.DEGRADED}
    return tuple(
        one.name
        for one in earlier
        if one.collector.partition(".")[0] not in _WITHOUT_FINDINGS
        and (
            (one.status is Status.COMPLETED and one.name not in whole)
            or (one.status is Status.DEGRADED and one.name not in whole | partly)
        )
    )


def _identity(finding: Finding) -> str:
    said = finding.fingerprint
    return said if said else f"{finding.category}|{finding.rule}|{finding.location}|{finding.message}"
