"""Data growth: the same rate on a copy of the service with some records, and with ten times as many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loadtests.course import Course, Part, not_as_planned, play, slice_seconds
from loadtests.figures import french
from loadtests.filling import fill
from loadtests.held import Held, held
from loadtests.loading import Played, loading, played, refusal
from loadtests.step import FEWEST_REQUESTS
from loadtests.trial import NotTried, Told, collected, only_when_long_enough
from scorecard.evidence import Column, Evidence, Fact, Table, Text, Unit
from scorecard.project import RunProfile
from scorecard.site import Copy, CopyError, Site

NAME = "growth"
TIMES = 10
"""How many times the records there are in the second load."""
SHARE = 0.5
"""Of the sustained rate: far from the limit, so that a longer wait is one of the data and not of a queue."""
CONFIDENCE = 0.9
BEFORE, AFTER = "before", "after"
"""Folders below the raw output: each keeps the list of the traces that were sent."""
WIDEST = 3.0
"""Ratio of the ends of an interval from which it leaves all open, where it does not lie above it."""
_RESAMPLES = 500
_SAMPLED_PER_S = 20.0

FACTS: Mapping[str, Unit] = {
    "growth.p95_ratio": Unit.RATIO,
    "growth.p95": Unit.SECOND,
    "growth.rows": Unit.COUNT,
    "growth.error_rate": Unit.RATIO,
}


@dataclass(frozen=True)
class Extent:
    """Most records there are to be in the end, and seconds of each load."""

    rows: int
    seconds: float


EXTENTS: Mapping[RunProfile, Extent] = {
    "smoke": Extent(10_000, 8.0),
    "quick": Extent(20_000, 8.0),
    "standard": Extent(200_000, 30.0),
    "full": Extent(1_000_000, 90.0),
}


def collect_growth(site: Site) -> Evidence:
    """Load a copy of the service before and after its data grow tenfold; the evidence is named ``growth``."""
    return collected(site, NAME, FACTS, lambda: _carry_out(site))


def _carry_out(site: Site) -> Told:
    only_when_long_enough(site, ("standard", "full"))
    reason = refusal(site, site.url)
    if reason is not None:
        raise NotTried(reason)
    found = held(site)
    if isinstance(found, Text):
        raise NotTried(found)
    command = site.project.target.grow
    if site.start_copy is None or command is None:
        raise NotTried(_NO_COMMAND)
    extent = EXTENTS[site.profile]
    rows = max(TIMES, min(extent.rows, site.project.project.users))
    what = played(site)
    try:
        with site.start_copy(site.project.target.workers) as copy:
            fill(command, copy.url, rows // TIMES, site.root)
            before = _load(site, copy, what, found, BEFORE, extent.seconds)
            _say(site, Text(en=f"Growing the data to {rows} records", fr=f"Croissance des données à {rows} dossiers"))
            fill(command, copy.url, rows, site.root)
            after = _load(site, copy, what, found, AFTER, extent.seconds)
    except CopyError as error:
        raise NotTried(error.text) from error
    trouble = not_as_planned(before, what.objective)
    trouble = not_as_planned(after, what.objective) if trouble is None else trouble
    return told(before, after, rows, trouble)


def _load(site: Site, copy: Copy, what: Played, found: Held, when: str, seconds: float) -> Course:
    rate = max(SHARE * found.rate, FEWEST_REQUESTS / (seconds * found.requests_per_journey))
    folder = site.raw(NAME) / when
    folder.mkdir(exist_ok=True)
    slice_s = slice_seconds(rate, found.requests_per_journey)
    sampled = min(1.0, _SAMPLED_PER_S / (rate * found.requests_per_journey))
    doing = Text(en=f"{rate:.1f} journeys/s, {when} the growth", fr=f"{french(rate)} parcours/s, {_FRENCH[when]}")
    with loading(copy.url, what, folder) as running:
        parts = [Part(when, seconds, rate)]
        # a warm-up of its own: the caches that the growth has emptied fill in production too, once
        return play(
            running, what, parts, slice_s, lambda: _say(site, doing), warm_up_s=seconds / 3, sample_share=sampled
        )


_FRENCH = {BEFORE: "avant la croissance", AFTER: "après la croissance"}


def _say(site: Site, doing: Text) -> None:
    site.progress(doing, 0.5, None)


def told(before: Course, after: Course, rows: int, trouble: Text | None) -> Told:
    """The facts of two loads at the same rate, the second on ``rows`` records, ten times those of the first."""
    table = _table(before, after)
    first, second = before.whole, after.whole
    if trouble is not None or first.latency is None or second.latency is None or second.error_rate is None:
        return Told((), (table,), trouble)
    low, high = _interval([one.latency.p95 for one in before.slices], [one.latency.p95 for one in after.slices])
    ratio = second.latency.p95 / first.latency.p95
    told_enough = high <= WIDEST * low or low >= WIDEST
    wide = Text(
        en=f"Too short, or too noisy, to tell: between {low:.1f} and {high:.1f} times the wait.",
        fr=f"Trop court, ou trop bruité, pour conclure\u202f: entre {french(low)} et {french(high)} fois l’attente.",
    )
    said = f"at {before.parts[0].rate:.3g} journeys/s, {rows // TIMES} records and then {rows}"
    facts = (
        Fact(
            id="growth.p95_ratio",
            value=ratio if told_enough else None,
            reason=None if told_enough else wide,
            unit=Unit.RATIO,
            low=min(low, ratio),
            high=max(high, ratio),
            detail=f"p95 after over p95 before; {said}; interval by a bootstrap over the slices, {CONFIDENCE:.0%}",
        ),
        Fact(id="growth.p95", value=second.latency.p95, unit=Unit.SECOND, detail=f"with {rows} records"),
        Fact(id="growth.rows", value=rows, unit=Unit.COUNT, detail=f"invented records, {TIMES} times those before"),
        Fact(
            id="growth.error_rate",
            value=second.error_rate,
            unit=Unit.RATIO,
            detail=f"{second.errors} of {second.requests} requests with {rows} records",
        ),
    )
    return Told(facts, (table,))


def _interval(before: Sequence[float], after: Sequence[float]) -> tuple[float, float]:
    """Ends of what the ratio of the means of the slices' p95 may be, slices drawn anew; the same for the same slices.

    Slices of a rate well below the limit are nearly independent; what they share moves both loads.
    """
    generator = np.random.default_rng(0)
    first, second = np.asarray(before), np.asarray(after)
    ratios = [
        generator.choice(second, len(second)).mean() / generator.choice(first, len(first)).mean()
        for _ in range(_RESAMPLES)
    ]
    low, high = np.quantile(ratios, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _table(before: Course, after: Course) -> Table:
    """One row a step of the journeys: its 95th percentile before and after."""
    first, second = before.whole.parts, after.whole.parts
    return Table(
        id="growth.steps",
        columns=(
            Column(name="step"),
            Column(name="requests", unit=Unit.COUNT),
            Column(name="p95_before", unit=Unit.SECOND),
            Column(name="p95_after", unit=Unit.SECOND),
            Column(name="ratio", unit=Unit.RATIO),
        ),
        rows=tuple(
            (name, part.count, first[name].p95, part.p95, part.p95 / first[name].p95)
            for name, part in sorted(second.items(), key=lambda item: -item[1].p95)
            if name in first and first[name].p95 > 0
        ),
    )


_NO_COMMAND = Text(
    en="The run does not know how to make the data grow: [target] start and [target] grow are both needed.",
    fr="L’évaluation ne sait pas faire croître les données\u202f: il faut [target] start et [target] grow.",
)
