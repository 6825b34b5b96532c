"""Who plays the journeys of a project, and in which order."""

from __future__ import annotations

from collections.abc import Collection
from random import Random

from scorecard.journeys.exchange import Budget
from scorecard.journeys.person import Person
from scorecard.project_journeys import Journey, Step
from scorecard.site import Site


def in_order(site: Site) -> list[Journey]:
    """The journeys, citizens first: agents work on what they file."""
    return sorted(site.project.journeys, key=lambda journey: journey.persona == "agent")


def last_but(site: Site, journey: Journey, places: int, random: Random, budget: Budget) -> Person | None:
    """The person ``places`` before the last of the journey's population, None when it is smaller.

    The last ones, since the load begins with the first; of the population, since a service may know no others.
    """
    assert site.url is not None
    project = site.project.project
    population = project.users if journey.persona == "citizen" else max(1, project.agents)
    population = population if journey.people is None else min(population, journey.people)
    if places >= population:
        return None
    return Person(site.url.rstrip("/"), journey.persona, population - 1 - places, random, budget)


def left_undone(journey: Journey, step: Step, done: Collection[tuple[str, str]]) -> bool:
    """Whether somebody whose journey was over at ``step`` leaves a request that nobody else has made either.

    ``done`` holds the methods and paths of the steps that were taken, in whatever journey.
    """
    rest = journey.steps[journey.steps.index(step) + 1 :]
    return any((one.method, one.path) not in done for one in rest)
