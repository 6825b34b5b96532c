"""Reading that many people ask for at once: while a worker is busy with it, each is done once a second for all.

On a calm day everybody reads the database and sees what they themselves changed a moment before. In a rush, what is
read was a second ago at most, which no booking relies on: the seat is taken by a statement of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

KEPT_S = 1.0
BUSY_PER_S = 20
"""Readings a second of one worker from which they are shared."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Reading(Generic[Value]):
    began: float
    task: asyncio.Task[Value]


class Shared(Generic[Value]):
    """Values by key, each read at most once a second while many are asked for; ``clock`` never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._readings: dict[Hashable, _Reading[Value]] = {}
        self._since, self._asked, self._asked_before = clock(), 0, 0

    async def get(self, key: Hashable, read: Callable[[], Awaitable[Value]]) -> Value:
        """What ``read`` gives, or gave to somebody within the last second; what it raises is raised for all who wait.

        Who gives up waiting takes nothing from the others.
        """
        now = self._clock()
        self._count(now)
        if max(self._asked, self._asked_before) <= BUSY_PER_S:
            return await read()
        kept = self._readings.get(key)
        if kept is None or now - kept.began >= KEPT_S or _failed(kept.task):
            kept = _Reading(now, asyncio.ensure_future(_run(read)))
            self._readings[key] = kept
        return await asyncio.shield(kept.task)

    def _count(self, now: float) -> None:
        if now - self._since >= KEPT_S:
            self._asked_before = self._asked if now - self._since < 2 * KEPT_S else 0
            self._since, self._asked = now, 0
            self._readings = {key: kept for key, kept in self._readings.items() if now - kept.began < KEPT_S}
        self._asked += 1

    def __len__(self) -> int:
        return len(self._readings)


async def _run(read: Callable[[], Awaitable[Value]]) -> Value:
    return await read()


def _failed(task: asyncio.Task[Value]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
