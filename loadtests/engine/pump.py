"""Open arrivals: sessions start when the schedule says so, whether or not earlier ones have ended."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from random import Random
from typing import Any, NamedTuple

import gevent
from gevent.pool import Pool

from loadtests.engine.alarm import Alarm
from loadtests.engine.arrivals import along, dealt, schedule
from loadtests.engine.orders import Limits, Order, Share
from loadtests.engine.players import Player
from loadtests.engine.recorder import Recorder, monotonic
from loadtests.engine.visitor import Outcome, pause_until
from scorecard.journeys import people

_WATCH_S = 0.1
_LEAD_S = 0.05
"""The schedule starts that much after the order, so that its first arrivals are not late before they begin."""

Beat = Callable[[dict[str, Any]], None]


class _Arrival(NamedTuple):
    moment: float
    journey: str
    number: int


class Pump:
    """Starts the sessions of one process."""

    def __init__(self, players: Mapping[str, Player], populations: Mapping[str, int]) -> None:
        self._players = players
        self._populations = populations
        self._recorder: Recorder | None = None

    def alone(self, journey: str, think_scale: float, share: Share) -> dict[str, Any]:
        """Send one visitor through a journey with no other load: the smoke check."""
        now = monotonic()
        recorder = Recorder(now, now, Limits(1, 0, 0, 0.0))
        player = self._players[journey]
        outcomes = player.play(
            self._person(player, share.come.get(player.persona, 0)),
            now,
            recorder,
            Random(share.seed),  # noqa: S311 (arrivals and made-up people, not secrets)
            think_scale,
            sampled=True,
        )
        failed = next((number for number, outcome in enumerate(outcomes) if outcome.error is not None), None)
        # a user's own code may go on after an error; what is told ends with it, as a journey of steps does
        told = outcomes if failed is None else outcomes[: failed + 1]
        if not told:
            told = [Outcome("nothing", 0, "no request was sent", 0.0, 0)]
        come = Counter(share.come) + Counter({player.persona: 1})
        return {"journey": journey, "steps": [asdict(outcome) for outcome in told], "come": dict(come)}

    def stop(self, why: str) -> None:
        """End the step under way, since the whole of the processes has passed the limit ``why``."""
        if self._recorder is not None and self._recorder.broken is None:
            self._recorder.broken = why

    def run(
        self, order: Order, share: Share, beat: Beat, beat_s: float = 1.0, ready: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """Play this process's share of one step of the load and report it.

        ``beat`` is called about every ``beat_s`` seconds, ``ready`` when the arrivals are drawn: the step starts when
        it returns.
        """
        random = Random(f"{share.seed}/{share.part}")  # noqa: S311
        arrivals, come = self._arrivals(order, share)
        ready()
        start = monotonic() + _LEAD_S
        opens, closes = start + order.warm_up_s, start + order.warm_up_s + order.duration_s
        recorder = self._recorder = Recorder(opens, closes, order.limits, order.slice_s)
        sessions = Pool()
        watch = gevent.spawn(_watch, recorder, sessions, beat, beat_s)
        cpu = _CpuMeter(opens)
        meter = gevent.spawn(cpu.start_at_opening)
        alarm = Alarm()
        try:
            for count, arrival in enumerate(arrivals):
                alarm.wait_until(start + arrival.moment)
                if recorder.broken is not None:
                    break
                sampled = random.random() < order.sample_share
                sessions.spawn(self._session, arrival, start, recorder, sessions, random, order.think_scale, sampled)
                if count % 20 == 19:
                    gevent.sleep(0)  # a pump that is behind must still let its sessions run
            _wait_until(closes, recorder)
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
            alarm.close()
            self._recorder = None
        report = recorder.report(ended)
        return report | {
            "scheduled": sum(order.warm_up_s <= arrival.moment for arrival in arrivals),
            "cpu": cpu_share,
            "come": come,
            "processes": [{"host": socket.gethostname(), "cpu": cpu_share, "sessions": recorder.sessions}],
        }

    def _arrivals(self, order: Order, share: Share) -> tuple[list[_Arrival], dict[str, int]]:
        """The arrivals dealt to this process, and how many people of each persona have come after the step.

        People are numbered over all processes, so that nobody comes twice before all came once.
        """
        random = Random(share.seed)  # noqa: S311
        every = (
            along(order.rates, order.warm_up_s, order.course, random, order.pattern)
            if order.course
            else schedule(order.rates, order.warm_up_s + order.duration_s, random, order.pattern)
        )
        come = Counter(share.come)
        mine = []
        for (moment, journey), part in zip(every, dealt(every, share.of, random, order.pattern), strict=True):
            persona = self._players[journey].persona
            if part == share.part:
                mine.append(_Arrival(moment, journey, come[persona]))
            come[persona] += 1
        return mine, dict(come)

    def _session(
        self,
        arrival: _Arrival,
        start: float,
        recorder: Recorder,
        sessions: Pool,
        random: Random,
        think_scale: float,
        sampled: bool,
    ) -> None:
        intended = start + arrival.moment
        player = self._players[arrival.journey]
        recorder.arrived(intended, monotonic(), len(sessions))
        person = self._person(player, arrival.number)
        outcomes = player.play(person, intended, recorder, random, think_scale, sampled=sampled)
        recorder.session_ended(intended, failed=bool(outcomes) and outcomes[-1].error is not None)

    def _person(self, player: Player, number: int) -> int:
        return people.member(number, self._populations[player.persona])


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


def _watch(recorder: Recorder, sessions: Pool, beat: Beat, beat_s: float) -> None:
    told = monotonic()
    while True:
        gevent.sleep(_WATCH_S)
        recorder.pile_up(len(sessions))
        if monotonic() - told >= beat_s:
            told = monotonic()
            beat({"at_once": len(sessions), "owed": recorder.owed, **recorder.against_limits()})


def _wait_until(moment: float, recorder: Recorder) -> None:
    """Wait until ``moment`` or until a limit is passed."""
    while recorder.broken is None and (left := moment - monotonic()) > 0:
        gevent.sleep(min(left, _WATCH_S))


def _drain(recorder: Recorder, longest_s: float) -> None:
    """Wait for the answers under way; a person who thinks after the window has closed is not waited for."""
    deadline = monotonic() + longest_s
    gevent.sleep(0.01)  # a session due at the very end has yet to send its request
    while recorder.owed > 0 and recorder.broken is None and monotonic() < deadline:
        gevent.sleep(0.01)
