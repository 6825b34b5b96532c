"""What every test under load needs: permission, journeys, a generator; and what to say when one is missing."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from loadtests import locustfile
from loadtests.demand import shares
from loadtests.generator import Generator, Means, generator, means_of
from loadtests.step import Objective
from scorecard.evidence import Text
from scorecard.project_journeys import Journey
from scorecard.site import Site, is_local

_NO_SERVICE = Text(
    en="No service is running, so nothing was loaded.", fr="Aucun service ne tourne : rien n’a été chargé."
)
_ELSEWHERE = Text(
    en="The target is not on this machine. Load is sent elsewhere only with [target] remote = true, by those who "
    "answer for it.",
    fr="La cible n’est pas sur cette machine. La charge n’est envoyée ailleurs qu’avec [target] remote = true, sous la "
    "responsabilité de qui en répond.",
)
_NO_JOURNEY = Text(
    en="The project file describes no journey of citizens or agents who exist, so there is nothing to play.",
    fr="Le fichier de projet ne décrit aucun parcours d’usagers ou d’agents existants : il n’y a rien à jouer.",
)


@dataclass(frozen=True)
class Played:
    """What is played on a target: its journeys, the share of each among the arrivals, what a good answer is; and by
    what means.
    """

    journeys: Sequence[Journey]
    shares: Mapping[str, float]
    objective: Objective
    populations: Mapping[str, int]
    means: Means = field(default_factory=Means)

    @property
    def longest_think_s(self) -> float:
        """Think time of the longest journey."""
        return max(sum(step.think for step in journey.session) for journey in self.journeys)


def played(site: Site) -> Played:
    """What the journeys, or the locustfile, and the objectives of the project ask for.

    Raises:
        GeneratorError: the locustfile cannot be played.
    """
    project = locustfile.played(site).site.project
    mix = shares(project)
    return Played(
        journeys=[journey for journey in project.journeys if journey.name in mix],
        shares=mix,
        objective=Objective(project.objectives.p95, project.objectives.error_rate),
        populations={"citizen": project.project.users, "agent": max(1, project.project.agents)},
        means=means_of(site),
    )


def refusal(site: Site, url: str | None) -> Text | None:
    """Why ``url`` may or can not be loaded, None when it can."""
    if url is None:
        return _NO_SERVICE
    if not is_local(url) and not site.project.target.remote:
        return _ELSEWHERE
    plays_users = site.project.load.locustfile is not None  # what is in it is known when it is read
    return None if plays_users or shares(site.project) else _NO_JOURNEY


@contextmanager
def loading(url: str, what: Played, folder: Path, seed: int | None = None) -> Iterator[Generator]:
    """A generator that plays ``what`` against ``url`` for as long as the block lasts. Raises GeneratorError."""
    chosen = secrets.randbits(32) if seed is None else seed
    with generator(url, what.journeys, what.populations, folder, chosen, what.means) as running:
        yield running
