"""What the load of the run found, as far as the analysis of the traces needs it: its steps, and the rate it held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from scorecard import evidence
from scorecard.evidence import Evidence, EvidenceError, Fact

LOW, HIGH = 0.5, 0.8
"""Shares of the highest rate held: up to a half queues are short, from four fifths on they are what people wait for."""

BUSY = 0.8
"""Share of a core from which on it is used up: a wait is then five times the work (M/M/1)."""

Cell = float | int | str | None


@dataclass(frozen=True)
class LoadStep:
    """One step of the load: requests answered a second, beginning and end (ns), cores of the busiest process."""

    rate: float
    outcome: str
    begin_ns: int
    end_ns: int
    busiest: float | None = None


@dataclass(frozen=True)
class Loaded:
    """What is known of the load; None or empty where it is not.

    Attributes:
        cores_used: processor time of the service in the busiest step, in cores.
        rps: requests a second held.
        users: low end, value and high end of the users held.
        steps: those that count, with a beginning and an end.
    """

    cores_used: float | None = None
    rps: float | None = None
    users: tuple[float, float, float] | None = None
    steps: Sequence[LoadStep] = field(default=())

    @property
    def low(self) -> tuple[LoadStep, ...]:
        """The steps held at no more than :data:`LOW` of the highest rate held."""
        return tuple(step for step in self._held if step.rate <= LOW * self._highest)

    @property
    def knee(self) -> tuple[LoadStep, ...]:
        """The steps held at no less than :data:`HIGH` of the highest rate held; none where no step was low."""
        return tuple(step for step in self._held if step.rate >= HIGH * self._highest) if self.low else ()

    @property
    def used_up(self) -> bool:
        """Whether a process of the service was seen to use up a core at a rate near the highest held.

        A core is all that an interpreter with a global lock can use.
        """
        return any(step.busiest is not None and step.busiest >= BUSY for step in self.knee)

    @property
    def _held(self) -> list[LoadStep]:
        return [step for step in self.steps if step.outcome == "held"]

    @property
    def _highest(self) -> float:
        return max((step.rate for step in self._held), default=0.0)


def read(run: Path) -> Loaded:
    """What ``run`` says of its load; nothing where it has none."""
    try:
        load = evidence.read(run / "evidence" / "load.json")
    except EvidenceError:
        return Loaded()
    rows = _rows(load)
    known = [cell for row in rows if (cell := _number(row.get("service_cpu"))) is not None]
    facts = {fact.id: fact for fact in load.facts}
    return Loaded(
        # A step whose processor nobody saw may have been the busiest.
        cores_used=max(known) if known and len(known) == len(rows) else None,
        rps=None if (held := facts.get("load.sustained_rps")) is None else _number(held.value),
        users=_interval(facts.get("load.users_held")),
        steps=tuple(step for row in rows if (step := _step(row)) is not None),
    )


def _rows(load: Evidence) -> list[dict[str, Cell]]:
    for table in load.tables:
        if table.id == "load.steps":
            names = [column.name for column in table.columns]
            return [dict(zip(names, row, strict=True)) for row in table.rows]
    return []


def _step(row: dict[str, Cell]) -> LoadStep | None:
    rate, outcome = _number(row.get("achieved")), row.get("outcome")
    begin, end = _moment(row.get("started")), _moment(row.get("ended"))
    if rate is None or begin is None or end is None or outcome not in ("held", "failed"):
        return None
    return LoadStep(rate, str(outcome), begin, end, _number(row.get("busiest_process")))


def _moment(cell: Cell) -> int | None:
    try:
        return round(datetime.fromisoformat(cell).timestamp() * 1e9) if isinstance(cell, str) else None
    except ValueError:
        return None


def _interval(fact: Fact | None) -> tuple[float, float, float] | None:
    if fact is None or (value := _number(fact.value)) is None:
        return None
    low, high = (value if end is None else float(end) for end in (fact.low, fact.high))
    return low, value, high


def _number(cell: object) -> float | None:
    return float(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else None
