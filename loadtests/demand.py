"""From a population to arrivals: how many journeys and requests a second the peak of the peak day brings.

Formulae: journeys a second = P * a * d * k * (1 + retries) / 86 400; requests a second = that times the requests of a
journey; sessions at once = that times the duration of a journey (Little's law). Agents: journeys a working day over
its hours, times their own peak factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from loadtests.demand_range import joined, spread
from loadtests.demand_time import Day, Habits, campaign, peak_day
from loadtests.profiles import Sourced, agent_habits, profile
from scorecard.project import ProjectFile
from scorecard.project_journeys import Journey

SECONDS_A_DAY = 86_400
_GIVEN = "portance.toml"

Persona = Literal["citizen", "agent"]


@dataclass(frozen=True)
class Stream:
    """Journeys of one persona at its peak.

    Attributes:
        rate: journeys a second.
        low: what it may be as little as, with the ranges of the numbers behind it.
        high: what it may be as much as.
        requests: requests of a journey to the target, on average over the persona's journeys; None without journeys.
        duration_s: length of a journey; None without journeys.
    """

    rate: float
    low: float
    high: float
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
        agent_journeys_per_day: journeys of an agent on a working day; a session that repeats its steps is several.
        peak_hour: hour of the citizens' peak.
        days: every day of the campaign; the busiest one alone without a calendar; none without events and calendar.
    """

    citizens: Stream
    agents: Stream
    participation: Sourced
    peak_day_share: Sourced
    peak_to_mean: Sourced
    retries: Sourced
    agent_journeys_per_day: Sourced
    peak_hour: Sourced
    days: tuple[Day, ...] = ()

    @property
    def busiest(self) -> Day | None:
        """The day with the highest peak, where days are known."""
        return max(self.days, key=lambda day: day.peak, default=None)

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
    def ends(self) -> tuple[float, float]:
        """What to multiply the whole by for its low and its high end: those of the streams, each met at once."""
        streams = self.played if self.played else (self.citizens, self.agents)
        total = sum(stream.rate for stream in streams)
        if total <= 0:
            return 1.0, 1.0
        return sum(stream.low for stream in streams) / total, sum(stream.high for stream in streams) / total

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
    peak_hour = _chosen(given.peak_hour, named.peak_hour)
    days = _days(project, Habits(peak_day_share.value, peak_to_mean.value, peak_hour.value), participation, retries)
    busiest = max(days, key=lambda day: day.peak, default=None)
    if busiest is None:
        citizens = citizens_per_s(
            project.project.users, participation.value, peak_day_share.value, peak_to_mean.value, retries.value
        )
    else:
        citizens = busiest.peak
    people = (spread([participation]), spread([retries], plus=1.0))
    # A moment that an announcement makes does not depend on how people come by themselves.
    shape = (1.0, 1.0) if busiest is not None and busiest.by_events else spread([peak_day_share, peak_to_mean])
    agents = agents_per_s(project.project.agents, per_day.value, habits.working_hours.value, habits.peak_to_mean.value)
    agents /= a_session(project)
    return Demand(
        citizens=_stream(citizens, joined(*people, shape), "citizen", project),
        agents=_stream(agents, spread([per_day, habits.peak_to_mean]), "agent", project),
        participation=participation,
        peak_day_share=peak_day_share,
        peak_to_mean=peak_to_mean,
        retries=retries,
        agent_journeys_per_day=per_day,
        peak_hour=peak_hour,
        days=days,
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


def a_session(project: ProjectFile) -> float:
    """Dossiers that an agent deals with in one session, on average over the sessions; 1 without journeys of agents."""
    journeys = [journey for journey in project.journeys if journey.persona == "agent"]
    return _weighted(journeys, [float(journey.repeat) for journey in journeys]) if journeys else 1.0


def requests_of(journey: Journey) -> int:
    """Requests of a session to the target: its steps on a path; an address in a placeholder is another server's."""
    return sum(step.path.startswith("/") for step in journey.session)


def _chosen(given: float | None, named: Sourced) -> Sourced:
    return named if given is None else Sourced(value=given, source=_GIVEN)


def _days(project: ProjectFile, habits: Habits, participation: Sourced, retries: Sourced) -> tuple[Day, ...]:
    given = project.demand
    people = project.project.users * participation.value * (1 + retries.value)
    if given.opens is not None and given.closes is not None:
        return campaign(people, habits, given.events, given.opens, given.closes)
    return (peak_day(people, habits, given.events),) if given.events else ()


def think_and_answers_s(journey: Journey, answer_s: float) -> float:
    """Length of a session: think times plus answers that just meet the objective, the longest that is still good."""
    return sum(step.think + answer_s for step in journey.session)


def _stream(rate: float, ends: tuple[float, float], persona: Persona, project: ProjectFile) -> Stream:
    low, high = rate * ends[0], rate * ends[1]
    journeys = [journey for journey in project.journeys if journey.persona == persona]
    if not journeys:
        return Stream(rate, low, high, None, None)
    return Stream(
        rate,
        low,
        high,
        _weighted(journeys, [float(requests_of(j)) for j in journeys]),
        _weighted(journeys, [think_and_answers_s(j, project.objectives.p95) for j in journeys]),
    )


def _weighted(journeys: Sequence[Journey], values: Sequence[float]) -> float:
    total = sum(journey.weight for journey in journeys)
    return sum(journey.weight * value for journey, value in zip(journeys, values, strict=True)) / total
