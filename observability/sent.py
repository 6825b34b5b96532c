"""The requests whose trace the load generator began, as it wrote them down."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

FILE_NAME = "sent-traces.jsonl"


class Visit(NamedTuple):
    """One request as the generator saw it; times in seconds, the start since 1970."""

    name: str
    start: float
    """When it was handed over."""
    latency: float
    """From when it was due to the whole answer: what a user waits."""
    took: float | None = None
    """From when it was handed over to the whole answer, without what other origins took."""


@dataclass(frozen=True)
class Sent:
    """Traces begun by the generator towards the service under test; those to other origins are left out."""

    traces: frozenset[str]
    answered: frozenset[str]
    """Those with a good answer: the service handled them for certain, a refused connection leaves no trace."""
    malformed: int = 0
    visits: Mapping[str, Visit] = field(default_factory=dict)
    """What the generator saw of each trace, where its line says so."""


def read_sent(path: Path) -> Sent | None:
    """Read ``sent-traces.jsonl``; None when there is none. Lines that are cut short or odd are counted, not used."""
    traces: set[str] = set()
    answered: set[str] = set()
    visits: dict[str, Visit] = {}
    malformed = 0
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                match _entry(line):
                    case {"target": False}:
                        continue
                    case {"trace_id": str(trace)} as entry:
                        traces.add(trace.lower())
                        if entry.get("ok") is True:
                            answered.add(trace.lower())
                        if (visit := _visit(entry)) is not None:
                            visits[trace.lower()] = visit
                    case _:
                        malformed += 1
    except OSError:
        return None
    return Sent(frozenset(traces), frozenset(answered), malformed, visits)


def _visit(entry: dict[str, object]) -> Visit | None:
    match entry:
        case {"name": str(name), "start": int() | float() as start, "latency_s": int() | float() as latency}:
            took = entry.get("took_s")
            try:
                visit = Visit(
                    name, float(start), float(latency), float(took) if isinstance(took, int | float) else None
                )
            except OverflowError:  # a number of hundreds of digits
                return None
            sound = math.isfinite(visit.start) and 0 <= visit.latency < math.inf
            return visit if sound and (visit.took is None or 0 <= visit.took < math.inf) else None
    return None


def _entry(line: str) -> dict[str, object]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}
