"""Processor time of the service, read while it is under load."""

from __future__ import annotations

import time
from collections.abc import Sequence

import psutil


class CpuClock:
    """Processor time of some processes and all they started."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = tuple(pids)

    def read(self) -> tuple[float, dict[int, float]]:
        """Now (monotonic seconds) and the processor seconds each living process has used so far."""
        used: dict[int, float] = {}
        for pid in self._pids:
            try:
                root = psutil.Process(pid)
                family = [root, *root.children(recursive=True)]
            except psutil.Error:
                continue
            for process in family:
                try:
                    times = process.cpu_times()
                except psutil.Error:
                    continue
                used[process.pid] = times.user + times.system
        return time.monotonic(), used

    def since(self, before: tuple[float, dict[int, float]]) -> float | None:
        """Cores used on average since ``before``; None when no process is left to ask."""
        then, used_then = before
        now, used_now = self.read()
        if not used_now or now <= then:
            return None
        return sum(used - used_then.get(pid, 0.0) for pid, used in used_now.items()) / (now - then)
