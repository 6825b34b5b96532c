"""Whether the journeys of a project can be played here, and by whom."""

from __future__ import annotations

from random import Random

from scorecard.evidence import Status, Text
from scorecard.journeys import JourneyError
from scorecard.project import Journey
from scorecard.site import Site, is_local
from security.exchange import Budget
from security.person import Person, check
from security.redaction import redact


def refusal(site: Site) -> tuple[Status, Text] | None:
    """Why the journeys are not played, None when they can be."""
    if site.url is None:
        return Status.ERROR, _NOTHING_RUNS
    if not is_local(site.url) and not site.project.target.remote:
        return Status.SKIPPED, _NOT_ALLOWED
    if not site.project.journeys:
        return Status.SKIPPED, _NO_JOURNEY
    try:
        check(site.project.journeys)
    except JourneyError as error:
        shown = redact(str(error))
        return Status.ERROR, Text(en=f"a journey cannot be played: {shown}", fr=f"un parcours est injouable : {shown}")
    return None


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
    if places >= population:
        return None
    return Person(site.url.rstrip("/"), journey.persona, population - 1 - places, random, budget)


_NOTHING_RUNS = Text(
    en="no service runs: target.url and target.start are not given, or it did not start",
    fr="aucun service ne tourne : target.url et target.start ne sont pas indiqués, ou il n’a pas démarré",
)
_NOT_ALLOWED = Text(
    en="the target is not on this machine: journeys, which write, are played there only with [target] remote = true",
    fr="la cible n’est pas sur cette machine : les parcours, qui écrivent, n’y sont joués qu’avec [target] "
    "remote = true",
)
_NO_JOURNEY = Text(
    en="portance.toml has no journey: add one that signs in and types what people type",
    fr="portance.toml n’a aucun parcours : en ajouter un qui se connecte et saisit ce que les gens saisissent",
)
