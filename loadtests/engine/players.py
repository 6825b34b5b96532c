"""What a session is: a walk through a journey of the project file, or a user of somebody's own locustfile."""

from __future__ import annotations

from random import Random
from typing import Protocol

from loadtests.engine.browser import Address
from loadtests.engine.paths import Path
from loadtests.engine.recorder import Recorder
from loadtests.engine.tracing import SentTraces
from loadtests.engine.visitor import Outcome, Visitor
from scorecard.journeys import people


class Player(Protocol):
    """Plays sessions of one kind."""

    @property
    def persona(self) -> str:
        """Whose population the sessions are drawn from."""

    def play(
        self, person: int, intended: float, recorder: Recorder, random: Random, think_scale: float, *, sampled: bool
    ) -> list[Outcome]:
        """Play the session of ``person`` (their number in the population), meant to start at ``intended``."""


class JourneyPlayer:
    """Sends visitors through a journey."""

    def __init__(self, target: Address, path: Path, traces: SentTraces) -> None:
        self._target = target
        self._path = path
        self._traces = traces
        self.persona: str = path.journey.persona

    def play(
        self, person: int, intended: float, recorder: Recorder, random: Random, think_scale: float, *, sampled: bool
    ) -> list[Outcome]:
        """Send a visitor through the journey."""
        known = self._path.journey.people
        values = people.person(random, person if known is None else person % known, self._path.uses)
        visitor = Visitor(self._target, random=random, values=dict(values), traces=self._traces, sampled=sampled)
        return visitor.walk(self._path, intended, recorder, think_scale)
