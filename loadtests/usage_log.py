"""Readings of the processors, kept beside the load they were taken under."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from loadtests.usage import Reading, Usage, between, read
from loadtests.watch import watching

FILE = "usage.jsonl"
EVERY_S = 0.5


@contextmanager
def logged(pids: Sequence[int], folder: Path) -> Iterator[None]:
    """Read the processors about twice a second into ``folder`` until the block ends; nothing where none is known."""
    if not pids:
        yield
        return
    with (folder / FILE).open("a", encoding="utf-8") as file, watching(_writer(pids, file.write), EVERY_S):
        yield


def _writer(pids: Sequence[int], write: Callable[[str], object]) -> Callable[[], None]:
    def take() -> None:
        line = {"time": datetime.now(UTC).isoformat(), **asdict(read(pids))}
        write(json.dumps(line) + "\n")

    return take


class UsageLog:
    """The readings that were kept in ``folder``, in order; none where there is no file, and a torn line is left out."""

    def __init__(self, folder: Path) -> None:
        self._readings: list[tuple[datetime, Reading]] = []
        path = folder / FILE
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                kept = json.loads(line)
                processes = {int(pid): (kind, own, ended) for pid, (kind, own, ended) in kept["processes"].items()}
                taken = Reading(kept["at"], processes, kept["machine"])
                self._readings.append((datetime.fromisoformat(kept["time"]), taken))
            except (ValueError, KeyError, TypeError):
                continue

    def __bool__(self) -> bool:
        return bool(self._readings)

    def over(self, started: datetime, ended: datetime) -> Usage | None:
        """The cores used between two moments; None where fewer than two readings lie between them."""
        inside = [taken for time, taken in self._readings if started <= time <= ended]
        return between(inside[0], inside[-1]) if len(inside) > 1 else None
