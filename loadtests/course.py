"""A load whose rate changes on the way, and how people fared from moment to moment."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.engine.orders import Limits, Order
from loadtests.generator import Generator
from loadtests.generator_limit import FEWEST_STARTED, generator_was_the_limit
from loadtests.histogram import Quantiles, quantiles
from loadtests.loading import Played
from loadtests.step import Objective, Step, from_report
from scorecard.evidence import Column, Table, Text, Unit

_MOST_SESSIONS = 5_000
"""Sessions at once at which a course ends: an overload is to be met, not to take the machine down."""
_UNBOUNDED = 1_000_000_000
_THINK_SHARE = 0.25
_FEWEST_IN_A_SLICE = 10
"""Requests of a slice: so few that its 95th percentile is its slowest answer, which errs on the severe side."""


@dataclass(frozen=True)
class Part:
    """A stretch of the course: its name, how long it lasts (seconds), how many journeys a second come."""

    name: str
    seconds: float
    rate: float


@dataclass(frozen=True)
class Slice:
    """What happened to the requests meant to start within some seconds from ``at`` on.

    Attributes:
        at: seconds from the beginning of the course.
        part: name of the part.
        deferred: errors that were an answer 503 or 429 with ``Retry-After``.
        latency: from the intended start.
    """

    at: float
    part: str
    requests: int
    errors: int
    deferred: int
    latency: Quantiles

    def good(self, objective: Objective) -> bool:
        """Whether those who came then were served within the objective."""
        allowed = math.ceil(objective.error_rate * self.requests)
        return self.errors <= allowed and self.latency.p95 <= objective.p95_s


@dataclass(frozen=True)
class Course:
    """A course that was played: its parts, its slices in order, and the whole as a step of the load."""

    parts: Sequence[Part]
    slices: Sequence[Slice]
    whole: Step
    think_scale: float

    def of(self, part: str) -> list[Slice]:
        """The slices of one part."""
        return [one for one in self.slices if one.part == part]

    @property
    def was_sent(self) -> bool:
        """Whether the generator started the sessions it was to start."""
        return self.whole.started >= FEWEST_STARTED * self.whole.scheduled


def not_as_planned(course: Course, objective: Objective) -> Text | None:
    """Why the course was not the one that was to be played, or the waits may be the generator's own."""
    if course.whole.broken is not None:
        return Text(
            en=f"Ended early to spare the machine: more than {_MOST_SESSIONS} sessions were under way at once.",
            fr=f"Arrêté tôt pour ménager la machine\u202f: plus de {_MOST_SESSIONS} sessions étaient en cours à la "
            "fois.",
        )
    return generator_was_the_limit(course.whole, objective)


def slice_seconds(rate: float, requests_per_journey: float, shortest_s: float = 1.0) -> float:
    """Length of slices that promise enough requests at ``rate`` to judge by."""
    return max(shortest_s, _FEWEST_IN_A_SLICE / (rate * max(requests_per_journey, 1e-9)))


def think_scale(what: Played, parts: Sequence[Part]) -> float:
    """Factor on the think times: they are shortened so that a change of the rate is not smeared over its part."""
    room = _THINK_SHARE * min(part.seconds for part in parts)
    return min(1.0, room / what.longest_think_s) if what.longest_think_s > 0 else 1.0


def play(
    running: Generator,
    what: Played,
    parts: Sequence[Part],
    slice_s: float,
    beat: Callable[[], None],
    *,
    warm_up_s: float = 1.0,
    sample_share: float = 0.0,
) -> Course:
    """Offer ``parts`` one after the other without a pause, whatever becomes of the answers.

    It ends early only where sessions pile up beyond reason. Each part is a whole number of slices or is cut at its end.

    Raises:
        GeneratorError: the generator died or did not end in time.
    """
    highest = max(part.rate for part in parts)
    scale = think_scale(what, parts)
    order = Order(
        rates={name: highest * share for name, share in what.shares.items()},
        warm_up_s=warm_up_s,
        duration_s=sum(part.seconds for part in parts),
        drain_s=2.0,
        limits=Limits(
            sessions=_MOST_SESSIONS,
            errors=_UNBOUNDED,
            slow=_UNBOUNDED,
            slow_s=what.objective.p95_s,
            dead_after=_UNBOUNDED,
        ),
        sample_share=sample_share,
        think_scale=scale,
        course=[(part.seconds, part.rate / highest) for part in parts],
        slice_s=slice_s,
    )
    report = running.step(order, beat)
    whole = from_report(report, highest, "course")
    return Course(parts, _slices(report["slices"], parts), whole, scale)


def table(name: str, course: Course, memory: Mapping[float, float] | None = None) -> Table:
    """One row a slice; ``memory`` gives bytes at the beginning of slices, where it was read."""
    return Table(
        id=name,
        columns=(
            Column(name="at", unit=Unit.SECOND),
            Column(name="part"),
            Column(name="requests", unit=Unit.COUNT),
            Column(name="p50", unit=Unit.SECOND),
            Column(name="p95", unit=Unit.SECOND),
            Column(name="longest", unit=Unit.SECOND),
            Column(name="errors", unit=Unit.COUNT),
            Column(name="deferred", unit=Unit.COUNT),
            *(() if memory is None else (Column(name="memory", unit=Unit.BYTES),)),
        ),
        rows=tuple(
            (
                round(one.at, 3),
                one.part,
                one.requests,
                one.latency.p50,
                one.latency.p95,
                one.latency.longest,
                one.errors,
                one.deferred,
                *(() if memory is None else (memory.get(one.at),)),
            )
            for one in course.slices
        ),
    )


def _slices(reported: Sequence[Mapping[str, Any]], parts: Sequence[Part]) -> list[Slice]:
    slices = []
    for one in reported:
        latency = quantiles([one["latency"]])
        if latency is not None:
            slices.append(
                Slice(
                    at=one["at"],
                    part=_part_at(one["at"], parts),
                    requests=one["requests"],
                    errors=one["errors"],
                    deferred=one["deferred"],
                    latency=latency,
                )
            )
    return slices


def _part_at(at: float, parts: Sequence[Part]) -> str:
    """The part that a slice begins in."""
    ends = 0.0
    for part in parts:
        ends += part.seconds
        if at < ends - 1e-9:
            return part.name
    return parts[-1].name
