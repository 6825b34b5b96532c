"""From a population to arrivals: how many journeys and requests a second the peak of the peak day brings.

Formulae: journeys a second = P * a * d * k * (1 + retries) / 86 400; requests a second = that times the requests of a
journey; sessions at once = that times the duration of a journey (Little's law). Agents: journeys a working day over
its hours, times their own peak factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import Literal

from loadtests.demand_day import agent_day, citizen_day, peak_minutes
from loadtests.profiles import Profile, Sourced, agent_habits, profile
from scorecard.evidence import Column, Evidence, Fact, Provenance, Status, Table, Text, Unit
from scorecard.project import Journey, ProjectFile, Site, Step

SECONDS_A_DAY = 86_400
_GIVEN = "portance.toml"

Persona = Literal["citizen", "agent"]


@dataclass(frozen=True)
class Stream:
    """Journeys of one persona at its peak.

    Attributes:
        rate: journeys a second.
        requests: requests of a journey to the target, on average over the persona's journeys; None without journeys.
        duration_s: length of a journey; None without journeys.
    """

    rate: float
    requests: float | None
    duration_s: float | None


@dataclass(frozen=True)
class Demand:
    """The demand at the peak of the peak day, both personas at their own peak at the same moment.

    Attributes:
        citizens: people or firms.
        agents: agents.
        participation: share of the users who take part.
        peak_day_share: share of the participants on the peak day.
        peak_to_mean: peak rate of that day over its mean.
        retries: extra journeys, as a share.
        agent_journeys_per_day: journeys of an agent on a working day.
        peak_hour: hour of the citizens' peak.
    """

    citizens: Stream
    agents: Stream
    participation: Sourced
    peak_day_share: Sourced
    peak_to_mean: Sourced
    retries: Sourced
    agent_journeys_per_day: Sourced
    peak_hour: float

    @property
    def played(self) -> tuple[Stream, ...]:
        """Streams a load test can play: those with journeys and a rate."""
        return tuple(s for s in (self.citizens, self.agents) if s.requests is not None and s.rate > 0)

    @property
    def journeys_per_s(self) -> float:
        """Journeys a second: of those who have journeys, or of everybody when nobody has."""
        return sum(s.rate for s in self.played) if self.played else self.citizens.rate + self.agents.rate

    @property
    def requests_per_s(self) -> float | None:
        """Requests a second; None without journeys."""
        return sum(s.rate * s.requests for s in self.played if s.requests is not None) if self.played else None

    @property
    def sessions(self) -> float | None:
        """Sessions at once; None without journeys."""
        return sum(s.rate * s.duration_s for s in self.played if s.duration_s is not None) if self.played else None


def citizens_per_s(people: float, a: float, d: float, k: float, retries: float = 0.0) -> float:
    """Journeys a second at the peak: ``people`` of whom a share ``a`` take part, ``d`` of them on the peak day.

    ``k`` is the peak rate of that day over its mean, ``retries`` the share of journeys that come on top.
    """
    return people * a * d * k * (1 + retries) / SECONDS_A_DAY


def agents_per_s(agents: float, journeys_per_day: float, hours: float, k: float) -> float:
    """Journeys a second of ``agents`` at the peak of a working day of ``hours``; ``k`` is its peak over its mean."""
    return agents * journeys_per_day / (hours * 3600) * k


def demand(project: ProjectFile) -> Demand:
    """The demand ``project`` must meet; a number in the project file wins over the named profile."""
    given, named, habits = project.demand, profile(project.demand.profile), agent_habits()
    participation = _chosen(given.participation, named.participation)
    peak_day_share = _chosen(given.peak_day_share, named.peak_day_share)
    peak_to_mean = _chosen(given.peak_to_mean, named.peak_to_mean)
    retries = _chosen(given.retries, named.retries)
    per_day = _chosen(given.agent_journeys_per_day, habits.journeys_per_day)
    citizens = citizens_per_s(
        project.project.users, participation.value, peak_day_share.value, peak_to_mean.value, retries.value
    )
    agents = agents_per_s(project.project.agents, per_day.value, habits.working_hours.value, habits.peak_to_mean.value)
    return Demand(
        citizens=_stream(citizens, "citizen", project),
        agents=_stream(agents, "agent", project),
        participation=participation,
        peak_day_share=peak_day_share,
        peak_to_mean=peak_to_mean,
        retries=retries,
        agent_journeys_per_day=per_day,
        peak_hour=named.peak_hour.value,
    )


def shares(project: ProjectFile) -> dict[str, float]:
    """Share of each playable journey among all arrivals at the peak; they add up to 1, empty without journeys."""
    wanted = demand(project)
    rates = {
        journey.name: (wanted.citizens if journey.persona == "citizen" else wanted.agents).rate
        * journey.weight
        / sum(other.weight for other in project.journeys if other.persona == journey.persona)
        for journey in project.journeys
    }
    total = sum(rates.values())
    return {name: rate / total for name, rate in rates.items() if rate > 0}


def requests_of(journey: Journey) -> int:
    """Requests of a journey to the target: its steps on a path; an address in a placeholder is another server's."""
    return sum(step.path.startswith("/") for step in journey.steps)


def collect_demand(site: Site) -> Evidence:
    """The demand as evidence ``demand``; it needs no running service."""
    started = datetime.now(UTC)
    project = site.project
    wanted = demand(project)
    named = profile(project.demand.profile)
    no_journeys = Text(
        en="The project file describes no journey, so the requests of a journey are not known.",
        fr="Le fichier de projet ne décrit aucun parcours : le nombre de requêtes d'un parcours est inconnu.",
    )
    return Evidence(
        name="demand",
        collector="loadtests.demand",
        project=project.project.name,
        status=Status.COMPLETED,
        provenance=Provenance.since(started, tool="portance", version=metadata.version("portance")),
        facts=(
            Fact(
                id="demand.journeys_per_s",
                value=wanted.journeys_per_s,
                unit=Unit.JOURNEYS_PER_SECOND,
                detail=_explained(project, wanted),
            ),
            Fact(
                id="demand.citizen_journeys_per_s",
                value=wanted.citizens.rate,
                unit=Unit.JOURNEYS_PER_SECOND,
                detail=f"profile {project.demand.profile}: {named.about.en}",
            ),
            Fact(id="demand.agent_journeys_per_s", value=wanted.agents.rate, unit=Unit.JOURNEYS_PER_SECOND),
            _known_or(
                no_journeys,
                "demand.requests_per_s",
                wanted.requests_per_s,
                Unit.REQUESTS_PER_SECOND,
                "steps of the journeys; the redirects they lead to are known once the service runs, and counted in "
                "load.demand_rps",
            ),
            _known_or(no_journeys, "demand.sessions", wanted.sessions, Unit.COUNT),
        ),
        tables=(_day(wanted, named),),
    )


def _chosen(given: float | None, named: Sourced) -> Sourced:
    return named if given is None else Sourced(value=given, source=_GIVEN)


def _stream(rate: float, persona: Persona, project: ProjectFile) -> Stream:
    journeys = [journey for journey in project.journeys if journey.persona == persona]
    if not journeys:
        return Stream(rate, None, None)
    return Stream(
        rate,
        _weighted(journeys, [float(requests_of(j)) for j in journeys]),
        _weighted(journeys, [_duration_s(j.steps, project.objectives.p95) for j in journeys]),
    )


def _weighted(journeys: Sequence[Journey], values: Sequence[float]) -> float:
    total = sum(journey.weight for journey in journeys)
    return sum(journey.weight * value for journey, value in zip(journeys, values, strict=True)) / total


def _duration_s(steps: Sequence[Step], answer_s: float) -> float:
    """Think times plus answers that just meet the objective: the longest journey that is still a good one."""
    return sum(step.think + answer_s for step in steps)


def _known_or(reason: Text, fact: str, value: float | None, unit: Unit, detail: str = "") -> Fact:
    if value is None:
        return Fact(id=fact, value=None, unit=unit, reason=reason)
    return Fact(id=fact, value=value, unit=unit, detail=detail)


def _explained(project: ProjectFile, wanted: Demand) -> str:
    parts = [
        f"{project.project.users} people x {wanted.participation.value:g} taking part ({wanted.participation.source})",
        f"x {wanted.peak_day_share.value:g} on the peak day ({wanted.peak_day_share.source})",
        f"x {wanted.peak_to_mean.value:g} peak to mean ({wanted.peak_to_mean.source})",
        f"x {1 + wanted.retries.value:g} for retries ({wanted.retries.source})",
        f"/ {SECONDS_A_DAY} s = {wanted.citizens.rate:.3g} journeys/s",
    ]
    if project.project.agents:
        parts.append(
            f"and {project.project.agents} agents x {wanted.agent_journeys_per_day.value:g} journeys a working day "
            f"({wanted.agent_journeys_per_day.source}) = {wanted.agents.rate:.3g} journeys/s at their peak"
        )
    unplayed = [
        n for n, s in (("citizens", wanted.citizens), ("agents", wanted.agents)) if s.requests is None and s.rate
    ]
    if unplayed and wanted.played:
        parts.append(f"({' and '.join(unplayed)} left out of the total: no journey is described for them)")
    if len(wanted.played) == 2 or (not wanted.played and wanted.agents.rate > 0):
        parts.append(
            "; both peaks are taken to come at the same moment, to be on the safe side: a day on which they do not "
            "(table demand.day) has a lower peak"
        )
    return " ".join(parts)


def _day(wanted: Demand, named: Profile) -> Table:
    habits = agent_habits()
    citizens = citizen_day(wanted.citizens.rate, wanted.peak_to_mean.value, wanted.peak_hour)
    agents = agent_day(wanted.agents.rate, habits.peak_to_mean.value, round(habits.working_hours.value))
    hour, minutes = named.peak_hour.value, peak_minutes(wanted.peak_to_mean.value)
    shape = Text(
        en=f"peak of {minutes:.0f} minutes drawn at {hour:g} h ({named.peak_hour.source}); peak and mean are the "
        "model's, the rest of the day is an assumption: as people are awake, agents evenly over their working day",
        fr=f"pointe de {minutes:.0f} minutes placée à {hour:g} h ({named.peak_hour.source}) ; pointe et moyenne sont "
        "celles du modèle, le reste de la journée est une hypothèse : selon les heures de veille, les agents "
        "également sur leur journée de travail",
    )
    return Table(
        id="demand.day",
        columns=(
            Column(name="hour", unit=Unit.COUNT),
            Column(name="journeys_per_s", unit=Unit.JOURNEYS_PER_SECOND),
            Column(name="citizens", unit=Unit.JOURNEYS_PER_SECOND),
            Column(name="agents", unit=Unit.JOURNEYS_PER_SECOND),
            Column(name="shape"),
            Column(name="shape_fr"),
        ),
        rows=tuple(
            (hour, _short(one + other), _short(one), _short(other), shape.en, shape.fr)
            for hour, (one, other) in enumerate(zip(citizens, agents, strict=True))
        ),
    )


def _short(rate: float) -> float:
    """The rate with the digits a reader may believe in, and then some."""
    return float(f"{rate:.6g}")
