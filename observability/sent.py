"""The requests whose trace the load generator began, as it wrote them down."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "sent-traces.jsonl"


@dataclass(frozen=True)
class Sent:
    """Traces begun by the generator towards the service under test; those to other origins are left out."""

    traces: frozenset[str]
    answered: frozenset[str]
    """Those with a good answer: the service handled them for certain, a refused connection leaves no trace."""
    malformed: int = 0


def read_sent(path: Path) -> Sent | None:
    """Read ``sent-traces.jsonl``; None when there is none. Lines that are cut short or odd are counted, not used."""
    traces: set[str] = set()
    answered: set[str] = set()
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
                    case _:
                        malformed += 1
    except OSError:
        return None
    return Sent(frozenset(traces), frozenset(answered), malformed)


def _entry(line: str) -> dict[str, object]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}
