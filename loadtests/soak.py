"""Endurance: one rate for long, at 70 % of what is sustained; do the waits or the memory of the service drift?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from loadtests.course import Course, Part, not_as_planned, play, slice_seconds, table
from loadtests.drift import CONFIDENCE, Drift, drift
from loadtests.figures import french, french_percent
from loadtests.held import held
from loadtests.loading import loading, played, refusal
from loadtests.memory import private_bytes
from loadtests.step import Objective
from loadtests.trial import NotTried, Told, collected, only_when_long_enough
from loadtests.watch import watching
from scorecard.evidence import Evidence, Fact, Text, Unit
from scorecard.project import RunProfile
from scorecard.site import Site

NAME = "soak"
SHARE = 0.7
"""Of the sustained rate: busy, and far enough from the limit that what drifts is not the queue."""
WARM_UP_SHARE = 0.25
"""Beginning of the soak that is left out: caches and pools fill."""
GRAIN = 0.01
"""Share of the memory that a soak cannot tell a drift by: allocators take and give back whole arenas."""
READINGS = 160
"""Readings of the memory over the soak."""
_WARM_UP_S = 2.0
RESOLUTION = 1.0
"""A doubling within an hour: a wider interval leaves all open, unless it lies above that or tells of a fall."""

FACTS: Mapping[str, Unit] = {
    "soak.memory_after_an_hour": Unit.RATIO,
    "soak.latency_after_an_hour": Unit.RATIO,
    "soak.memory": Unit.BYTES,
    "soak.p95": Unit.SECOND,
    "soak.error_rate": Unit.RATIO,
    "soak.seconds": Unit.SECOND,
}

SECONDS: Mapping[RunProfile, float] = {"smoke": 40.0, "quick": 40.0, "standard": 240.0, "full": 1500.0}


@dataclass
class MemoryLog:
    """Readings of the memory of some processes.

    Attributes:
        readings: monotonic seconds and bytes.
    """

    pids: Sequence[int]
    read: Callable[[Sequence[int]], int | None] = private_bytes
    clock: Callable[[], float] = time.monotonic
    readings: list[tuple[float, int]] = field(default_factory=list)

    def take(self) -> None:
        """Read the memory once more; nothing where no process is known."""
        taken = self.read(self.pids) if self.pids else None
        if taken is not None:
            self.readings.append((self.clock(), taken))


def collect_soak(site: Site) -> Evidence:
    """Load the service for long at one rate; the evidence is named ``soak``."""
    return collected(site, NAME, FACTS, lambda: _carry_out(site))


def _carry_out(site: Site) -> Told:
    only_when_long_enough(site, ("standard", "full"))
    reason = refusal(site, site.url)
    if reason is not None:
        raise NotTried(reason)
    assert site.url is not None
    found = held(site)
    if isinstance(found, Text):
        raise NotTried(found)
    seconds = SECONDS[site.profile]
    what = played(site)
    rate = SHARE * found.rate
    slice_s = slice_seconds(rate, found.requests_per_journey, shortest_s=max(1.0, seconds / 120))
    memory = MemoryLog(site.server_pids)
    doing = Text(en=f"Endurance: {rate:.1f} journeys/s", fr=f"Endurance\u202f: {french(rate)} parcours/s")
    with loading(site.url, what, site.raw(NAME)) as running, watching(memory.take, seconds / READINGS):
        began = time.monotonic()

        def beat() -> None:
            gone = time.monotonic() - began
            site.progress(doing, min(1.0, gone / seconds), max(0.0, seconds - gone))

        course = play(running, what, [Part("soak", seconds, rate)], slice_s, beat, warm_up_s=_WARM_UP_S)
    return told(course, [(at - began - _WARM_UP_S, taken) for at, taken in memory.readings], what.objective)


def told(course: Course, memory: Sequence[tuple[float, int]], objective: Objective) -> Told:
    """The facts of a soak; ``memory`` is seconds from its beginning, and bytes."""
    seconds = course.parts[0].seconds
    begins, ends = WARM_UP_SHARE * seconds, seconds
    steady = [one for one in course.slices if one.at >= begins]
    counted = [(at, taken) for at, taken in memory if begins <= at <= ends]
    whole = course.whole
    facts = [
        Fact(id="soak.seconds", value=seconds, unit=Unit.SECOND, detail=f"at {course.parts[0].rate:.3g} journeys/s"),
        _memory_drift(counted, known=bool(memory)),
    ]
    if counted:
        facts.append(Fact(id="soak.memory", value=counted[-1][1], unit=Unit.BYTES, detail="anonymous, at the end"))
    trouble = not_as_planned(course, objective)
    if trouble is None and whole.latency is not None and whole.error_rate is not None:
        facts += [
            _latency_drift([one.at for one in steady], [one.latency.p50 for one in steady]),
            Fact(id="soak.p95", value=whole.latency.p95, unit=Unit.SECOND, detail=f"of {whole.requests} requests"),
            Fact(
                id="soak.error_rate",
                value=whole.error_rate,
                unit=Unit.RATIO,
                detail=f"{whole.errors} of {whole.requests} requests",
            ),
        ]
    at = {one.at: float(taken) for one in course.slices for taken in [_nearest(one.at, memory)] if taken is not None}
    return Told(tuple(facts), (table("soak.course", course, at),), trouble)


def _memory_drift(counted: Sequence[tuple[float, int]], *, known: bool) -> Fact:
    reason = Text(
        en="The processes of the service are not known, so their memory was not read.",
        fr="Les processus du service ne sont pas connus\u202f: leur mémoire n’a pas été lue.",
    )
    found = drift([at for at, _ in counted], [taken for _, taken in counted])
    if found is not None:
        span_h = (counted[-1][0] - counted[0][0]) / 3600
        found = replace(found, low=found.low - GRAIN / span_h, high=found.high + GRAIN / span_h)
    what = f"anonymous memory of the service, {GRAIN:.0%} of it more or less over the soak not being told from none"
    return _drift("soak.memory_after_an_hour", found, reason if not known else _TOO_FEW, what)


def _latency_drift(seconds: Sequence[float], medians: Sequence[float]) -> Fact:
    what = "median latency of each slice: it wanders less than the 95th percentile, and what drifts moves both"
    return _drift("soak.latency_after_an_hour", drift(seconds, medians), _TOO_FEW, what)


_TOO_FEW = Text(
    en="The soak was too short to take enough readings.",
    fr="L’essai d’endurance a été trop court pour fournir assez de relevés.",
)


def _drift(name: str, found: Drift | None, otherwise: Text, what: str) -> Fact:
    if found is None:
        return Fact(id=name, value=None, unit=Unit.RATIO, reason=otherwise)
    said = (
        f"after an hour, as a multiple of its beginning; {what}; slope of Theil and Sen with its "
        f"{CONFIDENCE:.0%} interval, Mann-Kendall p = {found.p_value:.2g}"
    )
    value, low, high = (max(0.0, 1 + share) for share in (found.per_hour, found.low, found.high))
    if found.high - found.low > RESOLUTION > found.low and found.high > 0:
        wide = Text(
            en=f"Too short to tell: between {low:.0%} and {high:.0%} of the beginning after an hour.",
            fr=f"Trop court pour conclure\u202f: entre {french_percent(low, 0)} et {french_percent(high, 0)} du début "
            "après une heure.",
        )
        return Fact(id=name, value=None, unit=Unit.RATIO, low=low, high=high, reason=wide, detail=said)
    return Fact(id=name, value=value, unit=Unit.RATIO, low=low, high=high, detail=said)


def _nearest(at: float, memory: Sequence[tuple[float, int]]) -> int | None:
    """The first reading from ``at`` on."""
    return next((taken for when, taken in memory if when >= at), None)
