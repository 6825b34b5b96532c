"""What more workers bring: the rate held at 1, 2, 4 … workers of the service, and what that lets one say of more."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import pairwise

import numpy as np

from loadtests.budgets import BUDGETS, Budget
from loadtests.campaign import Campaign, SmokeFailure, TargetDied
from loadtests.demand import demand
from loadtests.figures import french
from loadtests.held import Held, held
from loadtests.loading import Played, played, refusal
from loadtests.player import spread
from loadtests.processor import CpuClock
from loadtests.scaling_facts import FACTS, Level, told
from loadtests.trial import NotTried, Told, collected, only_when_long_enough
from loadtests.usage import Reading, read
from loadtests.watch import watching
from scorecard.evidence import Evidence, Text
from scorecard.project import RunProfile
from scorecard.site import CopyError, Site, StartCopy

NAME = "scaling"
SECONDS_A_LEVEL: Mapping[RunProfile, float] = {"smoke": 40.0, "quick": 45.0, "standard": 150.0, "full": 420.0}


def collect_scaling(site: Site) -> Evidence:
    """Measure the service at rising numbers of workers; the evidence is named ``scaling``."""
    return collected(site, NAME, FACTS, lambda: _carry_out(site))


def levels_of(cores: int) -> list[int]:
    """1, 2, 4 … workers up to the cores there are; 1 and 2 at least, since one level scales to nothing."""
    levels = [1, 2]
    while levels[-1] * 2 <= cores:
        levels.append(levels[-1] * 2)
    return levels


Standing = Callable[[int], AbstractContextManager[tuple[Sequence[str], tuple[int, ...]]]]
"""Where so many workers or replicas stand for as long as the block lasts: addresses, and processes where known."""


def copies_of(start: StartCopy) -> Standing:
    """One copy of the service with so many workers."""

    @contextmanager
    def standing(workers: int) -> Iterator[tuple[Sequence[str], tuple[int, ...]]]:
        with start(workers) as copy:
            yield [copy.url], copy.pids

    return standing


def replicas_of(urls: Sequence[str]) -> Standing:
    """The first so many of the replicas that the project file names, which run already."""

    @contextmanager
    def standing(number: int) -> Iterator[tuple[Sequence[str], tuple[int, ...]]]:
        yield urls[:number], ()

    return standing


def measure(start: Standing, workers: int, what: Played, first: float, budget: Budget, site: Site) -> Level | None:
    """Search the highest rate that so many ``workers`` or replicas hold, from ``first`` journeys a second on.

    None where it held no rate.

    Raises:
        CopyError: the copy did not start.
        GeneratorError, SmokeFailure, TargetDied: the measurement failed.
    """
    folder = site.raw(NAME) / f"level-{workers}"
    with start(workers) as (urls, pids), spread(urls, what, folder) as running:
        campaign = Campaign(
            generator=running,
            journeys=what.journeys,
            shares=what.shares,
            objective=what.objective,
            budget=budget,
            peak=first,
            tell=site.progress,
            cpu=CpuClock(pids) if pids else None,
        )
        campaign.smoke()
        campaign.peak_demand()
        readings = [read(pids)]
        with watching(lambda: readings.append(read(pids)), 1.0):
            found = campaign.capacity()
    if found.value is None or found.low is None or found.low <= 0:
        return None
    return Level(workers, found.value, found.low, found.high, _busiest_tenth(readings))


def _busiest_tenth(readings: Sequence[Reading]) -> float:
    cores = [
        (after.machine - before.machine) / (after.at - before.at)
        for before, after in pairwise(readings)
        if after.at > before.at
    ]
    return float(np.quantile(cores, 0.9)) if cores else 0.0


def _carry_out(site: Site) -> Told:
    only_when_long_enough(site, ("standard", "full"))
    reason = refusal(site, site.url)
    if reason is not None:
        raise NotTried(reason)
    found = held(site)
    if isinstance(found, Text):
        raise NotTried(found)
    for url in site.project.target.replicas:
        if (not_there := refusal(site, url)) is not None:
            raise NotTried(not_there)
    standing, numbers = _standing(site)
    levels, trouble = _measured(site, standing, numbers, found)
    asked, cores = demand(site.project).journeys_per_s, len(os.sched_getaffinity(0))
    return told(levels, trouble, asked, site.project.objectives.headroom, site.project.project.users, cores)


def _standing(site: Site) -> tuple[Standing, list[int]]:
    """What is measured, and at which numbers of it: replicas that the project names, else copies with more workers."""
    target = site.project.target
    if target.replicas:
        most = len(target.replicas)
        return replicas_of(target.replicas), sorted({number for number in levels_of(most) if number <= most} | {most})
    if site.start_copy is None or target.start is None or "{workers}" not in target.start:
        raise NotTried(_ONE_SIZE)
    return copies_of(site.start_copy), levels_of(len(os.sched_getaffinity(0)))


def _measured(site: Site, start: Standing, numbers: Sequence[int], found: Held) -> tuple[list[Level], Text | None]:
    """The levels measured, and why there are no more when one failed."""
    what = played(site)
    budget = replace(BUDGETS[site.profile], total_s=SECONDS_A_LEVEL[site.profile], searches=True)
    levels: list[Level] = []
    for workers in numbers:
        first = levels[-1].low if levels else found.rate / 2
        try:
            level = measure(start, workers, what, first, budget, site)
        except CopyError as error:
            return levels, error.text
        except SmokeFailure as failure:
            return levels, failure.reason
        except TargetDied as death:
            return levels, Text(
                en=f"With {workers} workers the service died at {death.rate:.1f} journeys/s.",
                fr=f"Avec {workers} processus, le service est tombé à {french(death.rate)} parcours/s.",
            )
        if level is None:
            return levels, Text(
                en=f"With {workers} workers no rate was held.",
                fr=f"Avec {workers} processus, aucun débit n’a été tenu.",
            )
        levels.append(level)
    return levels, None


_ONE_SIZE = Text(
    en="The run does not know how to start the service with more workers: [target] start has no {workers}, and no "
    "replicas are named.",
    fr="L’évaluation ne sait pas démarrer le service avec plus de processus\u202f: [target] start n’a pas de "
    "{workers}, et aucune instance n’est nommée (replicas).",
)
