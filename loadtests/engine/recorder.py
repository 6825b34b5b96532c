"""What is counted during one step of the load."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from loadtests.engine.orders import Limits
from loadtests.engine.slices import Slices
from loadtests.histogram import Durations

GENERATOR_LIMITS = frozenset({"no free port", "too many open files", "out of memory"})
"""Errors that are the generator's own: they void a step."""
UNFINISHED = "unfinished"
"""The error of a request whose answer had not come when the step was over, its drain time included."""


@dataclass(slots=True)
class Exchange:
    """One request of a journey, redirects included, on the generator's monotonic clock (seconds).

    Attributes:
        label: name of the journey's step.
        intended: when it should have started.
        sent: when it was handed to the client.
        ended: when the last byte of the last answer was there.
        hops: requests the target got, redirects followed included; 0 when all went to other origins.
        elsewhere: seconds of it spent waiting for other origins.
        error: kind of error in a few stable words, None when the answer was as expected.
        writes: it is a POST, PUT, PATCH or DELETE.
        status: of the answer, 0 when none came.
        verified: a ``verify`` step got an answer that tells whether what was written is there.
        lost: a ``verify`` step got an answer that does not hold what was written.
        deferred: the answer was 503 or 429 and said when to come back (``Retry-After``, RFC 9110, 10.2.3).
    """

    label: str
    intended: float
    sent: float
    ended: float
    hops: int
    elsewhere: float = 0.0
    error: str | None = None
    writes: bool = False
    status: int = 0
    verified: bool = False
    lost: bool = False
    deferred: bool = False


@dataclass
class _PerStep:
    latency: Durations = field(default_factory=Durations)
    service: Durations = field(default_factory=Durations)
    requests: int = 0
    elsewhere: bool = False
    errors: Counter[str] = field(default_factory=Counter)


class Recorder:
    """Counts over the window ``[opens, closes)`` of intended starts; ``broken`` names the limit that was passed.

    ``owed`` is how many requests of the window are under way.
    """

    def __init__(self, opens: float, closes: float, limits: Limits, slice_s: float = 0.0) -> None:
        self.opens = opens
        self.closes = closes
        self._slices = Slices(opens, slice_s)
        self.broken: str | None = None
        self._limits = limits
        self._steps: dict[str, _PerStep] = {}
        self._lag = Durations()
        self._counts: Counter[str] = Counter()
        self._generator: Counter[str] = Counter()
        self.owed = 0
        self._in_flight_area = 0.0
        self._failing_since: float | None = None
        self._failing = 0
        self._cut = False
        self.sessions_peak = 0

    def arrived(self, intended: float, started: float, at_once: int) -> None:
        """A session that should have started at ``intended`` did at ``started``, ``at_once`` are under way."""
        self.sessions_peak = max(self.sessions_peak, at_once)
        if self._inside(intended):
            self._counts["sessions"] += 1
            self._lag.record(started - intended)

    def sending(self, intended: float) -> None:
        """A request meant for ``intended`` is under way."""
        self.owed += self.opens <= intended < self.closes

    def sent_again(self, times: int) -> None:
        """So many requests of a session were sent once more, on a new connection."""
        if times:
            self._counts["sent_again"] += times

    def answered(self, exchange: Exchange) -> None:
        """A request ended; it counts where its intended start lies within the window."""
        if self.opens <= exchange.ended < self.closes:
            self._counts["completed"] += exchange.hops
            self._counts["answered"] += exchange.hops > 0
        if exchange.hops:
            under_way = min(exchange.ended, self.closes) - max(exchange.sent, self.opens) - exchange.elsewhere
            self._in_flight_area += max(0.0, under_way)
        self._watch_for_death(exchange)
        if self._inside(exchange.intended):
            self.owed -= 1
            if not (self._cut and exchange.error == UNFINISHED):
                self._count(exchange)

    def session_ended(self, intended: float, *, failed: bool) -> None:
        """A session came to its end."""
        if self._inside(intended):
            self._counts["sessions_failed" if failed else "sessions_done"] += 1

    def cut_short(self) -> None:
        """The step ends before its time: requests under way say nothing, since nobody waits for their answers."""
        self._cut = True

    def report(self, ended: float) -> dict[str, Any]:
        """Everything counted, as JSON, when the window closed or was cut short at ``ended``."""
        closes = min(self.closes, ended)
        window = max(0.0, closes - self.opens)
        return {
            "window_s": window,
            "counts": dict(self._counts),
            "generator_errors": dict(self._generator),
            "in_flight": self._in_flight_area / window if window else 0.0,
            "sessions_peak": self.sessions_peak,
            "lag": self._lag.encode(),
            "broken": self.broken,
            "steps": [
                {
                    "label": label,
                    "elsewhere": one.elsewhere,
                    "requests": one.requests,
                    "errors": dict(one.errors),
                    "latency": one.latency.encode(),
                    "service": one.service.encode(),
                }
                for label, one in self._steps.items()
            ],
            "slices": self._slices.report(),
        }

    def _inside(self, intended: float) -> bool:
        return self.opens <= intended < self.closes

    def _count(self, exchange: Exchange) -> None:
        one = self._steps.get(exchange.label)
        if one is None:
            one = self._steps[exchange.label] = _PerStep()
        latency = exchange.ended - exchange.intended - exchange.elsewhere
        one.requests += 1
        one.latency.record(latency)
        one.service.record(exchange.ended - exchange.sent - exchange.elsewhere)
        one.elsewhere = exchange.hops == 0
        if exchange.error in GENERATOR_LIMITS:
            self._generator[exchange.error] += 1
        if exchange.error is not None:
            one.errors[exchange.error] += 1
        self._counts["lost"] += exchange.lost
        self._counts["verified"] += exchange.verified
        if exchange.hops == 0:
            return
        self._slices.count(exchange.intended, latency, failed=exchange.error is not None, deferred=exchange.deferred)
        self._counts["heard"] += exchange.status != 0
        self._counts["limited"] += exchange.status == 429
        self._counts["writes"] += exchange.writes
        self._counts["errors"] += exchange.error is not None
        self._counts["slow"] += latency > self._limits.slow_s
        if self._counts["errors"] > self._limits.errors:
            self.broken = self.broken or "errors"
        if self._counts["slow"] > self._limits.slow:
            self.broken = self.broken or "slow"

    def _watch_for_death(self, exchange: Exchange) -> None:
        if exchange.error is None:
            self._failing, self._failing_since = 0, None
            return
        if self._failing_since is None:
            self._failing_since = exchange.ended
        self._failing += 1
        if self._failing >= self._limits.dead_after and exchange.ended - self._failing_since >= 1.0:
            self.broken = "dead"

    def pile_up(self, at_once: int) -> None:
        """Note that ``at_once`` sessions are under way: too many end the step."""
        if at_once > self._limits.sessions:
            self.broken = self.broken or "sessions"


def monotonic() -> float:
    """The clock of all intervals: seconds, never set back."""
    return time.perf_counter()
