"""Recovery after overload: half as much again as the service can hold for some seconds, then half of what it holds.

What it holds is known as a bracket. The overload is reckoned from its high end and the calm from its low end, so that
both are what they are called wherever in between the truth lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadtests.course import Course, Part, Slice, not_as_planned, play, slice_seconds, table
from loadtests.figures import french, milliseconds
from loadtests.held import Held, held
from loadtests.loading import loading, played, refusal
from loadtests.step import Objective
from loadtests.trial import NotTried, Told, collected, only_when_long_enough
from scorecard.evidence import Evidence, Fact, Text, Unit
from scorecard.project import RunProfile
from scorecard.site import Site

NAME = "recovery"
OVERLOAD = 1.5
"""Rate of the overload, as a multiple of the high end of the rate held."""
AFTERWARDS = 0.5
"""Rate before and after, as a multiple of the low end: the other half works off the queue that the overload left."""
STEADY = 3
"""Good slices in a row from which the service counts as recovered."""

FACTS: Mapping[str, Unit] = {
    "recovery.recovered": Unit.YES_NO,
    "recovery.seconds": Unit.SECOND,
    "recovery.p95_in_overload": Unit.SECOND,
    "recovery.errors_in_overload": Unit.RATIO,
    "recovery.deferred_in_overload": Unit.RATIO,
}


@dataclass(frozen=True)
class Times:
    """Seconds of calm before, of overload at most, and of watching afterwards (three times the overload)."""

    before: float
    overload: float
    after: float


TIMES: Mapping[RunProfile, Times] = {
    "smoke": Times(1.0, 4.0, 12.0),
    "quick": Times(1.0, 4.0, 12.0),
    "standard": Times(5.0, 15.0, 45.0),
    "full": Times(10.0, 60.0, 180.0),
}


def collect_recovery(site: Site) -> Evidence:
    """Overload the service and watch it come back; the evidence is named ``recovery``."""
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
    times = TIMES[site.profile]
    what = played(site)
    slice_s = slice_seconds(AFTERWARDS * found.low, found.requests_per_journey)
    if slice_s * (STEADY + 1) > times.after:
        raise NotTried(_too_few(found))
    parts = planned(found, times, slice_s)
    _, overload, after = parts
    if overload.seconds < slice_s:
        raise NotTried(_too_wide(overload.rate, found))
    doing = Text(
        en=f"Overload: {overload.rate:.1f} journeys/s, then {after.rate:.1f}",
        fr=f"Surcharge\u202f: {french(overload.rate)} parcours/s, puis {french(after.rate)}",
    )
    with loading(site.url, what, site.raw(NAME)) as running:
        course = play(running, what, parts, slice_s, lambda: site.progress(doing, 0.5, None))
    return told(course, what.objective, confirmed=found.confirmed)


def planned(found: Held, times: Times, slice_s: float) -> tuple[Part, Part, Part]:
    """Calm, overload and calm, such that a plain queue is gone in time even at the low end of what is held.

    The wider the bracket, the longer the queue may be that the overload leaves: the overload is then the shorter, by
    whole slices, and none at all where not even one is left.
    """
    calm = AFTERWARDS * found.low
    overload = OVERLOAD * (found.rate if found.high is None else found.high)
    worked_off = (times.after - STEADY * slice_s) * (found.low - calm) / (overload - found.low)
    return (
        Part("before", times.before, calm),
        Part("overload", min(times.overload, worked_off // slice_s * slice_s), overload),
        Part("after", times.after, calm),
    )


def told(course: Course, objective: Objective, *, confirmed: bool = True) -> Told:
    """The facts of a course of calm, overload and calm; ``confirmed`` is whether the calm is surely one."""
    before, overload, after = course.parts
    ended = before.seconds + overload.seconds
    seconds = came_back_after(course.of("after"), ended, objective)
    loaded = course.of("overload")
    requests = sum(one.requests for one in loaded)
    trouble = _not_seen(course, objective, seconds)
    if trouble is None and seconds is None:
        trouble = _not_never(course, objective, confirmed=confirmed)
    facts = [
        *_of_the_overload(loaded, requests),
        *(_recovered(seconds, course, objective, after.seconds) if trouble is None else ()),
    ]
    return Told(tuple(facts), (table("recovery.course", course),), trouble)


def came_back_after(after: Sequence[Slice], ended: float, objective: Objective) -> float | None:
    """Seconds from ``ended`` to the first of some good slices in a row; None when there are no such slices."""
    for number, one in enumerate(after):
        if number + STEADY <= len(after) and all(other.good(objective) for other in after[number : number + STEADY]):
            return max(0.0, one.at - ended)
    return None


def was_overloaded(course: Course, objective: Objective) -> bool:
    """Whether the overload was one: there is no coming back from what was borne."""
    return not all(one.good(objective) for one in course.of("overload"))


def _of_the_overload(loaded: Sequence[Slice], requests: int) -> list[Fact]:
    if not requests:
        return []
    deferred = sum(one.deferred for one in loaded)
    return [
        Fact(
            id="recovery.p95_in_overload",
            value=max(one.latency.p95 for one in loaded),
            unit=Unit.SECOND,
            detail=f"the worst of {len(loaded)} slices",
        ),
        Fact(
            id="recovery.errors_in_overload",
            value=(sum(one.errors for one in loaded) - deferred) / requests,
            unit=Unit.RATIO,
            detail=f"of {requests} requests; answers 503 or 429 with Retry-After are not counted here",
        ),
        Fact(
            id="recovery.deferred_in_overload",
            value=deferred / requests,
            unit=Unit.RATIO,
            detail="answers 503 or 429 that say when to come back",
        ),
    ]


def _recovered(seconds: float | None, course: Course, objective: Objective, watched: float) -> list[Fact]:
    if seconds is None:
        never = Text(
            en=f"Within {watched:.0f} s after the overload people were not served within the objective again.",
            fr=f"Dans les {watched:.0f} s qui ont suivi la surcharge, les usagers n’ont pas retrouvé de réponses "
            "dans le délai visé.",
        )
        return [
            Fact(id="recovery.recovered", value=False, unit=Unit.YES_NO, detail=never.en),
            Fact(id="recovery.seconds", value=None, unit=Unit.SECOND, low=watched, reason=never),
        ]
    overload = course.parts[1]
    said = (
        f"after {overload.seconds:.1f} s at {overload.rate:.3g} journeys/s, {OVERLOAD:g} times the most it may hold, "
        f"at {course.parts[2].rate:.3g} journeys/s"
    )
    return [
        Fact(id="recovery.recovered", value=True, unit=Unit.YES_NO, detail=said),
        Fact(
            id="recovery.seconds",
            value=seconds,
            unit=Unit.SECOND,
            detail=f"until p95 was within {milliseconds(objective.p95_s)} and errors within the objective for "
            f"{STEADY} slices in a row; {said}; think times at {course.think_scale:.0%}",
        ),
    ]


def _not_seen(course: Course, objective: Objective, seconds: float | None) -> Text | None:
    """Why nothing can be said of the recovery, None when it can.

    A generator that was the limit can only make it look worse: it takes nothing from a recovery that was seen.
    """
    trouble = not_as_planned(course, objective)
    if trouble is not None and (seconds is None or not course.was_sent):
        return trouble
    if was_overloaded(course, objective):
        return None
    return Text(
        en=f"{OVERLOAD:g} times the most it was thought to hold was borne within the objective for "
        f"{course.parts[1].seconds:.1f} s: there was no overload to come back from.",
        fr=f"{french(OVERLOAD)} fois le plus haut débit qu’on lui prêtait a été servi dans l’objectif pendant "
        f"{french(course.parts[1].seconds)} s\u202f: il n’y a pas eu de surcharge dont revenir.",
    )


def _not_never(course: Course, objective: Objective, *, confirmed: bool) -> Text | None:
    """Why a service that was not seen to come back may do so all the same, None when it surely does not."""
    if not confirmed:
        return Text(
            en="The service was not seen to come back, but what it holds was not confirmed: half of it may have been "
            "too much as well.",
            fr="Le retour à la normale n’a pas été vu, mais le débit tenu n’avait pas été confirmé\u202f: sa moitié "
            "était peut-être déjà trop.",
        )
    if all(one.good(objective) for one in course.of("after")[-(STEADY - 1) :]):
        return Text(
            en="The service answered within the objective again just before the end: it was not watched long enough.",
            fr="Le service répondait de nouveau dans l’objectif juste avant la fin\u202f: il n’a pas été observé assez "
            "longtemps.",
        )
    return None


def _too_wide(overload: float, found: Held) -> Text:
    return Text(
        en=f"What the service holds is not known well enough: {overload:.3g} journeys/s are surely too much, but "
        f"if it holds no more than {found.low:.3g}, this profile is too short to see the end of the queue they leave.",
        fr=f"Le débit tenu n’est pas assez bien connu\u202f: {french(overload, '.3g')} parcours/s le dépassent à coup "
        f"sûr, mais s’il n’est que de {french(found.low, '.3g')}, ce profil est trop court pour voir la fin de la file "
        "qu’ils laissent.",
    )


def _too_few(found: Held) -> Text:
    return Text(
        en=f"At {found.rate:.3g} journeys/s too few requests come in the time of this profile to see a recovery.",
        fr=f"À {french(found.rate, '.3g')} parcours/s, trop peu de requêtes arrivent dans le temps de ce profil pour "
        "voir un retour à la normale.",
    )
