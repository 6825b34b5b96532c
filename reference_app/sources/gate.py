"""Whether a source may be asked now: one that fails again and again rests, one that says wait is left alone."""

from __future__ import annotations

import time
from collections.abc import Callable

FAILURES = 5
"""Failures in a row after which a source rests: enough that one slow answer of a busy hour is none of them."""

REST_S = 5.0
REST_MOST_S = 60.0
"""The first rest, and the longest: each one that ends with another failure doubles the next."""


class Gate:
    """Of one source in one worker; ``clock`` gives seconds that never go back.

    While it rests nobody waits for it and nothing is sent. When a rest ends one question goes through; its answer
    opens the gate for all, its failure begins a longer rest.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._rests_until = 0.0
        self._told_until = 0.0

    def closed(self) -> bool:
        """Whether nothing may be asked now."""
        return self._clock() < max(self._rests_until, self._told_until)

    def passes(self, trial_s: float) -> bool:
        """Whether one question may be sent now; a trial after a rest keeps the others back for ``trial_s``."""
        if self.closed():
            return False
        if self._failures >= FAILURES:
            self._rests_until = self._clock() + trial_s
        return True

    def answered(self) -> None:
        """An answer came, whatever it says: the source works. What it told us to wait is waited all the same."""
        self._failures = 0
        self._rests_until = 0.0

    def failed(self) -> None:
        """No answer came, or none that can be used."""
        self._failures += 1
        if self._failures >= FAILURES:
            self._rests_until = self._clock() + min(REST_S * 2 ** (self._failures - FAILURES), REST_MOST_S)

    def wait(self, seconds: float) -> None:
        """Ask nothing for ``seconds``, since the source says so; never shortens a wait."""
        self._told_until = max(self._told_until, self._clock() + seconds)
