"""An opening: from the mean rate of the peak day to its peak at once, for some seconds, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.course import Course, Part, not_as_planned, play, slice_seconds, table
from loadtests.demand import demand
from loadtests.figures import french
from loadtests.held import held
from loadtests.loading import loading, played, refusal
from loadtests.recovery import came_back_after
from loadtests.step import FEWEST_REQUESTS, Objective
from loadtests.trial import NotTried, Told, collected, only_when_long_enough
from scorecard.evidence import Evidence, Fact, Text, Unit
from scorecard.project import RunProfile
from scorecard.site import Site

NAME = "spike"
MOST = 3.0
"""Highest rate of the opening, as a multiple of the sustained rate: beyond it nothing more is learnt."""

FACTS: Mapping[str, Unit] = {
    "spike.error_share": Unit.RATIO,
    "spike.deferred_share": Unit.RATIO,
    "spike.longest_wait": Unit.SECOND,
    "spike.p95": Unit.SECOND,
    "spike.seconds_to_come_back": Unit.SECOND,
    "spike.rate": Unit.JOURNEYS_PER_SECOND,
}


@dataclass(frozen=True)
class Times:
    """Seconds of the mean rate before, of the opening, and of the mean rate after it."""

    before: float
    opening: float
    after: float


TIMES: Mapping[RunProfile, Times] = {
    "smoke": Times(1.0, 3.0, 4.0),
    "quick": Times(1.0, 3.0, 4.0),
    "standard": Times(5.0, 20.0, 20.0),
    "full": Times(10.0, 60.0, 60.0),
}


def collect_spike(site: Site) -> Evidence:
    """Let everybody come at once, as at an opening; the evidence is named ``spike``."""
    return collected(site, NAME, FACTS, lambda: _carry_out(site))


def _carry_out(site: Site) -> Told:
    only_when_long_enough(site, ("quick", "standard", "full"))
    reason = refusal(site, site.url)
    if reason is not None:
        raise NotTried(reason)
    assert site.url is not None
    found = held(site)
    if isinstance(found, Text):
        raise NotTried(found)
    wanted, what = demand(site.project), played(site)
    times = TIMES[site.profile]
    least = FEWEST_REQUESTS / (times.opening * found.requests_per_journey)
    peak = max(min(wanted.journeys_per_s, MOST * found.rate), least)
    base = peak / wanted.peak_to_mean.value
    slice_s = min(slice_seconds(peak, found.requests_per_journey), times.opening)
    parts = (
        Part("before", times.before, base),
        Part("opening", times.opening, peak),
        Part("after", times.after, base),
    )
    doing = Text(
        en=f"Opening: from {base:.1f} to {peak:.1f} journeys/s at once",
        fr=f"Ouverture\u202f: de {french(base)} à {french(peak)} parcours/s d’un coup",
    )
    with loading(site.url, what, site.raw(NAME)) as running:
        course = play(running, what, parts, slice_s, lambda: site.progress(doing, 0.5, None))
    return told(course, what.objective, wanted.journeys_per_s)


def told(course: Course, objective: Objective, asked: float) -> Told:
    """The facts of calm, opening and calm; ``asked`` is the rate of the opening that the demand foresees."""
    trouble = not_as_planned(course, objective)
    if trouble is not None and course.was_sent and all(one.good(objective) for one in course.slices):
        trouble = None  # a generator that was the limit can only have made it look worse
    tables = (table("spike.course", course),)
    before, opening, _ = course.parts
    loaded = course.of("opening")
    requests = sum(one.requests for one in loaded)
    if trouble is not None or not requests:
        return Told((), tables, trouble)
    deferred = sum(one.deferred for one in loaded)
    said = f"{opening.seconds:.0f} s at {opening.rate:.3g} journeys/s, from {before.rate:.3g}"
    if opening.rate < asked:
        said += f"; the demand foresees {asked:.3g}: more than {MOST:g} times what is sustained is not tried"
    elif opening.rate > asked:
        said += f"; the demand foresees {asked:.3g} only, at which too few requests come to judge by"
    facts = [
        Fact(
            id="spike.error_share",
            value=(sum(one.errors for one in loaded) - deferred) / requests,
            unit=Unit.RATIO,
            detail=f"of {requests} requests; answers 503 or 429 with Retry-After are counted apart; {said}",
        ),
        Fact(
            id="spike.deferred_share",
            value=deferred / requests,
            unit=Unit.RATIO,
            detail=f"answers 503 or 429 that say when to come back, of {requests} requests",
        ),
        Fact(
            id="spike.longest_wait",
            value=max(one.latency.longest for one in loaded),
            unit=Unit.SECOND,
            detail=f"of {requests} requests of the opening, from the intended start; {said}",
        ),
        Fact(
            id="spike.p95",
            value=max(one.latency.p95 for one in loaded),
            unit=Unit.SECOND,
            detail=f"the worst of {len(loaded)} slices",
        ),
        Fact(id="spike.rate", value=opening.rate, unit=Unit.JOURNEYS_PER_SECOND, detail=said),
        _back(course, objective),
    ]
    return Told(tuple(facts), tables)


def _back(course: Course, objective: Objective) -> Fact:
    """Nought where nobody waited too long in the opening; what was not seen to come back within the time is unknown."""
    before, opening, after = course.parts
    unit = Unit.SECOND
    if all(one.good(objective) for one in course.of("opening")):
        return Fact(id="spike.seconds_to_come_back", value=0.0, unit=unit, detail="the objective was held all through")
    seconds = came_back_after(course.of("after"), before.seconds + opening.seconds, objective)
    if seconds is not None:
        return Fact(id="spike.seconds_to_come_back", value=seconds, unit=unit, detail="from the end of the opening")
    return Fact(
        id="spike.seconds_to_come_back",
        value=None,
        unit=unit,
        reason=Text(
            en=f"It was not seen to come back within {after.seconds:.0f} s after the opening.",
            fr=f"Aucun retour à la normale n’a été vu dans les {after.seconds:.0f} s après l’ouverture.",
        ),
    )
