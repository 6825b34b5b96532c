"""Statements whose time grew with the data: the same rate before and after the records of a copy grew tenfold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from observability.diagnosis.diagnosis import milliseconds
from observability.diagnosis.slow import times_of
from observability.requests import Request
from observability.sent import FILE_NAME, read_sent
from scorecard.evidence import Column, Fact, Table, Text, Unit

FEWEST = 10
"""Times that a statement has to be seen on each side."""
FACTOR = 2.0
LATER_S = 0.002
"""What it has to take in the end, so that the fourth decimal of a lookup does not count as growth."""

_NOT_GROWN = Text(
    en="the data were not made to grow in this run, or no trace of it arrived",
    fr="les données n’ont pas été agrandies dans cette évaluation, ou aucune trace n’en est arrivée",
)
_NONE = Text(en="none", fr="aucune")


@dataclass(frozen=True)
class Statement:
    """A statement without values: how often it was seen after the growth, and its median time (s) on each side."""

    text: str
    seen: int
    before: float
    after: float

    @property
    def ratio(self) -> float:
        """Time after over time before."""
        return self.after / self.before


def statements(requests: Sequence[Request], folder: Path) -> list[Statement] | None:
    """The statements met on both sides, the one that grew most first; None where no growth was traced.

    Args:
        requests: all that were traced.
        folder: raw output of the growth: ``before`` and ``after`` hold the lists of the traces sent.
    """
    sides = []
    for when in ("before", "after"):
        sent = read_sent(folder / when / FILE_NAME)
        found = [] if sent is None else [request for request in requests if request.trace_id in sent.traces]
        if not found:
            return None
        sides.append(times_of(found))
    before, after = sides
    both = [
        Statement(text, len(times), median(before[text]), median(times))
        for text, times in after.items()
        if len(times) >= FEWEST and len(before.get(text, ())) >= FEWEST and median(before[text]) > 0
    ]
    return sorted(both, key=lambda one: (-one.ratio, one.text))


def fact(found: Sequence[Statement] | None) -> Fact:
    """The statement that grew most, of those whose time at least doubled; "none" where none did."""
    if found is None:
        return Fact(id="trace.grown_statement", value=None, unit=Unit.TEXT, reason=_NOT_GROWN)
    grown = [one for one in found if one.ratio >= FACTOR and one.after >= LATER_S]
    if not grown:
        return Fact(id="trace.grown_statement", value=_NONE.en, unit=Unit.TEXT, detail=f"of {len(found)} statements")
    worst = grown[0]
    detail = (
        f"{milliseconds(worst.before).en} before, {milliseconds(worst.after).en} with ten times the records "
        f"(median, n = {worst.seen}); {len(grown)} of {len(found)} statements took twice as long or more"
    )
    return Fact(id="trace.grown_statement", value=worst.text, unit=Unit.TEXT, detail=detail)


def tables(found: Sequence[Statement] | None) -> tuple[Table, ...]:
    """One row a statement; no table where no growth was traced."""
    if not found:
        return ()
    columns = (
        Column(name="statement"),
        Column(name="times", unit=Unit.COUNT),
        Column(name="median_before", unit=Unit.SECOND),
        Column(name="median_after", unit=Unit.SECOND),
        Column(name="ratio", unit=Unit.RATIO),
    )
    rows = tuple((one.text, one.seen, one.before, one.after, one.ratio) for one in found)
    return (Table(id="growth.statements", columns=columns, rows=rows),)
