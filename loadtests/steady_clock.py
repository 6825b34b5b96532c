"""Wall-clock times of what happens during a load, whatever becomes of the machine's clock meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SteadyClock:
    """UTC as it was when the load began, plus the monotonic seconds since: it never jumps nor runs backwards.

    Args:
        wall: the machine's clock, aware.
        monotonic: seconds that never go back.
    """

    def __init__(self, wall: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._began, self._began_s = wall().astimezone(UTC), monotonic()

    def now(self) -> datetime:
        """The time in UTC."""
        return self._began + timedelta(seconds=self._monotonic() - self._began_s)

    def jumped_s(self) -> float:
        """Seconds by which the machine's clock was set forward since the beginning; below zero when set back."""
        return (self._wall().astimezone(UTC) - self.now()).total_seconds()
