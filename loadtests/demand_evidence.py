"""The demand as evidence: the figures with their ranges, how they came about, and the tables behind the plots."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata

from loadtests.demand import SECONDS_A_DAY, Demand, a_session, demand, requests_of, shares, think_and_answers_s
from loadtests.demand_day import agent_day, citizen_day, peak_minutes
from loadtests.demand_time import Day
from loadtests.profiles import agent_habits, profile
from scorecard.evidence import Column, Evidence, Fact, Provenance, Status, Table, Text, Unit
from scorecard.project import ProjectFile
from scorecard.site import Site


def collect_demand(site: Site) -> Evidence:
    """The demand as evidence ``demand``; it needs no running service."""
    started = datetime.now(UTC)
    project = site.project
    wanted = demand(project)
    named = profile(project.demand.profile)
    no_journeys = Text(
        en="The project file describes no journey, so the requests of a journey are not known.",
        fr="Le fichier de projet ne décrit aucun parcours : le nombre de requêtes d’un parcours est inconnu.",
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
                low=wanted.journeys_per_s * wanted.ends[0],
                high=wanted.journeys_per_s * wanted.ends[1],
                unit=Unit.JOURNEYS_PER_SECOND,
                detail=_explained(project, wanted),
            ),
            Fact(
                id="demand.citizen_journeys_per_s",
                value=wanted.citizens.rate,
                low=wanted.citizens.low,
                high=wanted.citizens.high,
                unit=Unit.JOURNEYS_PER_SECOND,
                detail=f"profile {project.demand.profile}: {named.about.en}",
            ),
            Fact(
                id="demand.agent_journeys_per_s",
                value=wanted.agents.rate,
                low=wanted.agents.low,
                high=wanted.agents.high,
                unit=Unit.JOURNEYS_PER_SECOND,
            ),
            _known_or(
                no_journeys,
                "demand.requests_per_s",
                wanted.requests_per_s,
                wanted.ends,
                Unit.REQUESTS_PER_SECOND,
                "steps of the journeys; the redirects they lead to are known once the service runs, and counted in "
                "load.demand_rps",
            ),
            _known_or(no_journeys, "demand.sessions", wanted.sessions, wanted.ends, Unit.COUNT),
        ),
        tables=(_day(wanted), *_campaign(wanted), *_journeys(project)),
    )


def _known_or(
    reason: Text, fact: str, value: float | None, ends: tuple[float, float], unit: Unit, detail: str = ""
) -> Fact:
    if value is None:
        return Fact(id=fact, value=None, unit=unit, reason=reason)
    return Fact(id=fact, value=value, unit=unit, low=value * ends[0], high=value * ends[1], detail=detail)


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
            f"({wanted.agent_journeys_per_day.source}){_in_sessions(project)} = {wanted.agents.rate:.3g} "
            "journeys/s at their peak"
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


def _in_sessions(project: ProjectFile) -> str:
    times = a_session(project)
    return "" if times == 1 else f" / {times:g} in a session (portance.toml)"


def _journeys(project: ProjectFile) -> tuple[Table, ...]:
    """Who comes: the sessions at the peak by journey."""
    mix = shares(project)
    if not mix:
        return ()
    return (
        Table(
            id="demand.journeys",
            columns=(
                Column(name="journey"),
                Column(name="persona"),
                Column(name="who"),
                Column(name="device"),
                Column(name="share_of_sessions", unit=Unit.RATIO),
                Column(name="rounds", unit=Unit.COUNT),
                Column(name="requests", unit=Unit.COUNT),
                Column(name="session", unit=Unit.SECOND),
            ),
            rows=tuple(
                (
                    one.name,
                    one.persona,
                    one.who,
                    one.device,
                    _short(mix[one.name]),
                    one.repeat,
                    requests_of(one),
                    _short(think_and_answers_s(one, project.objectives.p95)),
                )
                for one in project.journeys
                if one.name in mix
            ),
        ),
    )


def _day(wanted: Demand) -> Table:
    habits, busiest = agent_habits(), wanted.busiest
    citizens = (
        citizen_day(wanted.citizens.rate, wanted.peak_to_mean.value, wanted.peak_hour.value)
        if busiest is None
        else busiest.hours
    )
    agents = agent_day(wanted.agents.rate, habits.peak_to_mean.value, round(habits.working_hours.value))
    shape = _shape(wanted) if busiest is None else _shape_with_events(busiest)
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


def _campaign(wanted: Demand) -> tuple[Table, ...]:
    """The days of the calendar, where there is one."""
    if len(wanted.days) < 2:
        return ()
    return (
        Table(
            id="demand.campaign",
            columns=(
                Column(name="day"),
                Column(name="journeys", unit=Unit.COUNT),
                Column(name="peak_journeys_per_s", unit=Unit.JOURNEYS_PER_SECOND),
            ),
            rows=tuple((day.on.isoformat(), round(day.journeys), _short(day.peak)) for day in wanted.days),
        ),
    )


def _shape_with_events(day: Day) -> Text:
    at = day.busiest
    return Text(
        en=f"each hour by its busiest moment; the day's is at {at:%H:%M}. What an event brings falls exponentially "
        "from its moment on, the rest comes as people are awake: both are assumptions",
        fr=f"chaque heure par son moment le plus chargé ; celui du jour est à {at:%H:%M}. Ce qu’un événement amène "
        "décroît exponentiellement à partir de lui, le reste vient selon les heures de veille : deux hypothèses",
    )


def _shape(wanted: Demand) -> Text:
    hour, minutes = wanted.peak_hour.value, peak_minutes(wanted.peak_to_mean.value)
    return Text(
        en=f"peak of {minutes:.0f} minutes drawn at {hour:g} h ({wanted.peak_hour.source}); peak and mean are the "
        "model's, the rest of the day is an assumption: as people are awake, agents evenly over their working day",
        fr=f"pointe de {minutes:.0f} minutes placée à {hour:g} h ({wanted.peak_hour.source}) ; pointe et moyenne sont "
        "celles du modèle, le reste de la journée est une hypothèse : selon les heures de veille, les agents "
        "également sur leur journée de travail",
    )


def _short(rate: float) -> float:
    """The rate with the digits a reader may believe in, and then some."""
    return float(f"{rate:.6g}")
