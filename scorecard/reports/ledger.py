"""What rests on somebody's word, what waits for one, and what somebody accepted for a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from scorecard.scorecard import Judged, Scorecard, Verdict

SOONEST = 3
"""Declarations and waivers named above the fold; the ledger further down lists them all."""


@dataclass(frozen=True)
class Declared:
    """An answer that somebody gave without a measurement, and the last day it counts (None: no date given)."""

    judged: Judged
    until: date | None


def declared(card: Scorecard) -> tuple[Declared, ...]:
    """Criteria that rest on a declaration which was given, with the last day it counts."""
    given = (j for j in card.judged if j.criterion.basis == "declared" and j.fact is not None)
    return tuple(Declared(j, _until(j)) for j in given if j.fact is not None and j.fact.value is not None)


def soonest(card: Scorecard) -> tuple[Declared, ...]:
    """The declarations that lapse first, at most :data:`SOONEST`; one without a date comes last."""
    return tuple(sorted(declared(card), key=lambda d: (d.until is None, d.until or date.max))[:SOONEST])


def undeclared(card: Scorecard) -> tuple[Judged, ...]:
    """Criteria that wait for somebody's declaration."""
    return tuple(j for j in card.judged if j.criterion.basis == "declared" and j.verdict is Verdict.UNKNOWN)


def waived(card: Scorecard) -> tuple[Judged, ...]:
    """Criteria whose failure somebody accepted for a time."""
    return tuple(j for j in card.judged if j.waiver is not None)


def _until(judged: Judged) -> date | None:
    if judged.expires_on is not None:
        return judged.expires_on
    if judged.fact is None or judged.fact.observed_on is None:
        return None
    return judged.fact.observed_on + timedelta(days=judged.criterion.max_age_days)
