"""Processor time of the service, read while it is under load."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests import usage
from loadtests.usage import Reading, Usage


class CpuClock:
    """Processor time of some processes and all they started, those that have ended included."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = tuple(pids)

    def read(self) -> Reading:
        """The processor time used so far."""
        return usage.read(self._pids)

    def since(self, before: Reading) -> Usage | None:
        """Cores used on average since ``before``; None when no process is left to ask."""
        return usage.between(before, self.read())
