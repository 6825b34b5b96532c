"""Open arrivals on Locust: sessions start when the schedule says so, whether or not earlier ones have ended."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from random import Random
from typing import Any

import gevent
from gevent.pool import Pool

from loadtests.engine.arrivals import along, schedule
from loadtests.engine.browser import Address
from loadtests.engine.orders import Limits, Order
from loadtests.engine.paths import Path
from loadtests.engine.recorder import Recorder, monotonic
from loadtests.engine.tracing import SentTraces
from loadtests.engine.visitor import Visitor, pause_until
from scorecard.journeys import people

_WATCH_S = 0.1
_LEAD_S = 0.05
"""The schedule starts that much after the order, so that its first arrivals are not late before they begin."""

Beat = Callable[[dict[str, Any]], None]


class Pump:
    """Starts sessions; lives as long as the generator, so that no person comes twice before all came once."""

    def __init__(
        self,
        target: Address,
        paths: Mapping[str, Path],
        populations: Mapping[str, int],
        traces: SentTraces,
        random: Random,
    ) -> None:
        self._target = target
        self._paths = paths
        self._populations = populations
        self._traces = traces
        self._random = random
        self._come: Counter[str] = Counter()

    def alone(self, journey: str, think_scale: float) -> dict[str, Any]:
        """Send one visitor through a journey with no other load: the smoke check."""
        now = monotonic()
        recorder = Recorder(now, now, Limits(1, 0, 0, 0.0))
        visitor = self._visitor(journey, sampled=True)
        outcomes = visitor.walk(self._paths[journey], now, recorder, think_scale)
        self._traces.flush()
        return {"journey": journey, "steps": [asdict(outcome) for outcome in outcomes]}

    def run(self, order: Order, beat: Beat) -> dict[str, Any]:
        """Carry out one step of the load and report it; ``beat`` is called about once a second."""
        span = order.warm_up_s + order.duration_s
        arrivals = (
            along(order.rates, order.warm_up_s, order.course, self._random, order.pattern)
            if order.course
            else schedule(order.rates, span, self._random, order.pattern)
        )
        start = monotonic() + _LEAD_S
        opens, closes = start + order.warm_up_s, start + span
        recorder = Recorder(opens, closes, order.limits, order.slice_s)
        sessions = Pool()
        watch = gevent.spawn(_watch, recorder, sessions, beat)
        cpu = _CpuMeter(opens)
        meter = gevent.spawn(cpu.start_at_opening)
        try:
            for number, (moment, journey) in enumerate(arrivals):
                pause_until(start + moment)
                if recorder.broken is not None:
                    break
                sampled = self._random.random() < order.sample_share
                sessions.spawn(self._session, journey, start + moment, recorder, sessions, order.think_scale, sampled)
                if number % 20 == 19:
                    gevent.sleep(0)  # a pump that is behind must still let its sessions run
            if recorder.broken is None:
                pause_until(closes)
            ended = monotonic()
            cpu_share = cpu.share()
            if recorder.broken is None:
                _drain(recorder, order.drain_s)
            if recorder.broken is not None:
                recorder.cut_short()
        finally:
            watch.kill()
            meter.kill()
            sessions.kill()
        self._traces.flush()
        report = recorder.report(ended)
        report["scheduled"] = sum(order.warm_up_s <= moment for moment, _ in arrivals)
        report["cpu"] = cpu_share
        return report

    def _session(
        self, journey: str, intended: float, recorder: Recorder, sessions: Pool, think_scale: float, sampled: bool
    ) -> None:
        visitor = self._visitor(journey, sampled)
        recorder.arrived(intended, monotonic(), len(sessions))
        outcomes = visitor.walk(self._paths[journey], intended, recorder, think_scale)
        recorder.session_ended(intended, failed=bool(outcomes) and outcomes[-1].error is not None)

    def _visitor(self, journey: str, sampled: bool) -> Visitor:
        path = self._paths[journey]
        persona = path.journey.persona
        number = people.member(self._come[persona], self._populations[persona])
        self._come[persona] += 1
        values = people.person(self._random, number, path.uses)
        return Visitor(self._target, random=self._random, values=values, traces=self._traces, sampled=sampled)


class _CpuMeter:
    """The generator's own processor use over the window, 1 being one core."""

    def __init__(self, opens: float) -> None:
        self._opens = opens
        self._from = (monotonic(), time.process_time())

    def start_at_opening(self) -> None:
        pause_until(self._opens)
        self._from = (monotonic(), time.process_time())

    def share(self) -> float:
        wall, cpu = monotonic() - self._from[0], time.process_time() - self._from[1]
        return cpu / wall if wall > 0 else 0.0


def _watch(recorder: Recorder, sessions: Pool, beat: Beat) -> None:
    told = monotonic()
    while True:
        gevent.sleep(_WATCH_S)
        recorder.pile_up(len(sessions))
        if monotonic() - told >= 1.0:
            told = monotonic()
            beat({"sessions": len(sessions), "owed": recorder.owed})


def _drain(recorder: Recorder, longest_s: float) -> None:
    """Wait for the answers under way; a person who thinks after the window has closed is not waited for."""
    deadline = monotonic() + longest_s
    gevent.sleep(0.01)  # a session due at the very end has yet to send its request
    while recorder.owed > 0 and recorder.broken is None and monotonic() < deadline:
        gevent.sleep(0.01)
