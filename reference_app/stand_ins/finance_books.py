"""The books of the finance system: what it took, in order, kept in a file when one is given."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One payment that will be made."""

    reference: str
    amount: str
    day: str


class Books:
    """Every entry; a restart on the same ``journal`` forgets none."""

    def __init__(self, journal: Path | None = None) -> None:
        self._journal = journal
        self._by_reference: dict[str, list[Entry]] = defaultdict(list)
        if journal is not None and journal.exists():
            for line in journal.read_text(encoding="utf-8").splitlines():
                self._keep(Entry(**json.loads(line)))

    def enter(self, entry: Entry) -> None:
        """Take ``entry`` in; it is on the disk when this returns."""
        if self._journal is not None:
            with self._journal.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry)) + "\n")
                file.flush()
                os.fsync(file.fileno())
        self._keep(entry)

    def of_reference(self, reference: str) -> list[Entry]:
        """The entries of ``reference``: more than one is a payment made twice."""
        return list(self._by_reference.get(reference, ()))

    def of_day(self, day: str) -> list[Entry]:
        """The entries of a day, by reference."""
        return sorted((e for found in self._by_reference.values() for e in found if e.day == day), key=_reference)

    def _keep(self, entry: Entry) -> None:
        self._by_reference[entry.reference].append(entry)


def _reference(entry: Entry) -> str:
    return entry.reference
