"""Demand: from a population to arrivals."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.demand import agents_per_s, citizens_per_s, demand, shares
from loadtests.demand_day import peak_minutes
from loadtests.demand_evidence import collect_demand
from loadtests.profiles import profile
from scorecard.evidence import Evidence
from scorecard.project import ProjectFile
from scorecard.site import Site

_EXAMPLE = {"participation": "100 %", "peak_day_share": "10 %", "peak_to_mean": 10.0, "retries": "0 %"}
_FOURTEEN_STEPS = [{"get": f"/{number}", "think": "51 s"} for number in range(14)]


def project(**tables: object) -> ProjectFile:
    document = {"project": {"name": "Aide", "users": 300_000}, "target": {}} | tables
    return ProjectFile.model_validate(document)


def collected(file: ProjectFile, tmp_path: Path) -> Evidence:
    return collect_demand(Site(project=file, root=tmp_path, run=tmp_path))


def test_the_published_example_gives_3_5_journeys_49_requests_and_2500_sessions() -> None:
    # 14 steps of 51 s of thought and answers of 0.4 s: 12 minutes
    wanted = demand(project(demand=_EXAMPLE, journeys=[{"name": "file", "steps": _FOURTEEN_STEPS}]))
    assert wanted.journeys_per_s == pytest.approx(3.47, abs=0.01)
    assert wanted.requests_per_s == pytest.approx(49, abs=0.5)
    assert wanted.sessions == pytest.approx(2500, rel=0.01)


def test_a_census_asks_for_a_third_of_the_people_in_a_day() -> None:
    assert citizens_per_s(300_000, 1, 0.33, 10) == pytest.approx(11.5, abs=0.05)


def test_retries_come_on_top() -> None:
    assert citizens_per_s(1000, 1, 0.1, 10, 0.5) == pytest.approx(1.5 * citizens_per_s(1000, 1, 0.1, 10))


def test_agents_work_eight_hours() -> None:
    assert agents_per_s(3000, 20, 8, 2) == pytest.approx(3000 * 20 / 28_800 * 2)


def test_a_number_in_the_project_file_wins_over_the_profile() -> None:
    named = demand(project(demand={"profile": "opening"}))
    given = demand(project(demand={"profile": "opening", "peak_to_mean": 2.0}))
    assert named.peak_to_mean.value == profile("opening").peak_to_mean.value
    assert given.peak_to_mean.value == 2.0
    assert given.peak_to_mean.source == "portance.toml"
    assert given.participation == named.participation


@pytest.mark.parametrize("name", ["steady", "deadline", "opening", "census"])
def test_every_number_of_every_profile_says_where_it_comes_from(name: str) -> None:
    numbers = profile(name)  # type: ignore[arg-type]
    for field in ("participation", "peak_day_share", "peak_to_mean", "retries", "peak_hour"):
        assert len(getattr(numbers, field).source) > 10


def test_the_peak_to_mean_of_the_deadline_is_that_of_the_event_it_cites() -> None:
    assert profile("deadline").peak_to_mean.value == pytest.approx(214_000 / (525_000 / 24), abs=0.05)


def test_the_peak_to_mean_of_the_opening_is_that_of_the_event_it_cites() -> None:
    assert profile("opening").peak_to_mean.value == pytest.approx(20_000 / 60 / (926_000 / 86_400), abs=0.05)


def test_without_journeys_the_requests_are_unknown_and_the_journeys_are_not(tmp_path: Path) -> None:
    facts = {fact.id: fact for fact in collected(project(demand=_EXAMPLE), tmp_path).facts}
    assert facts["demand.journeys_per_s"].value == pytest.approx(3.47, abs=0.01)
    assert facts["demand.requests_per_s"].value is None
    assert facts["demand.requests_per_s"].reason is not None
    assert facts["demand.sessions"].value is None


def test_people_without_a_journey_are_left_out_and_it_is_said(tmp_path: Path) -> None:
    file = project(
        project={"name": "Aide", "users": 300_000, "agents": 3000},
        demand=_EXAMPLE,
        journeys=[{"name": "file", "steps": [{"get": "/"}]}],
    )
    total = collected(file, tmp_path).facts[0]
    assert total.value == pytest.approx(3.47, abs=0.01)
    assert "agents left out" in total.detail


def test_journeys_share_their_personas_arrivals_by_weight() -> None:
    file = project(
        project={"name": "Aide", "users": 300_000, "agents": 3000},
        demand=_EXAMPLE,
        journeys=[
            {"name": "file", "weight": 3.0, "steps": [{"get": "/"}]},
            {"name": "read", "weight": 1.0, "steps": [{"get": "/"}]},
            {"name": "decide", "persona": "agent", "steps": [{"get": "/"}]},
        ],
    )
    mix, wanted = shares(file), demand(file)
    assert sum(mix.values()) == pytest.approx(1)
    assert mix["file"] == pytest.approx(3 * mix["read"])
    assert mix["decide"] == pytest.approx(wanted.agents.rate / wanted.journeys_per_s)


def test_nobody_plays_the_journeys_of_agents_who_do_not_exist() -> None:
    file = project(
        journeys=[
            {"name": "file", "steps": [{"get": "/"}]},
            {"name": "decide", "persona": "agent", "steps": [{"get": "/"}]},
        ]
    )
    assert shares(file) == {"file": 1.0}


def test_steps_at_another_server_are_not_requests_to_the_target() -> None:
    file = project(
        demand=_EXAMPLE,
        journeys=[
            {"name": "in", "steps": [{"get": "/a", "extract": {"u": "header:L"}}, {"get": "{u}"}, {"get": "/b"}]}
        ],
    )
    assert demand(file).citizens.requests == 2


@pytest.mark.parametrize("peak_to_mean", [1.0, 4.9, 9.8, 31.1, 200.0])
def test_the_day_has_the_peak_and_the_mean_of_the_model(peak_to_mean: float, tmp_path: Path) -> None:
    file = project(demand=_EXAMPLE | {"peak_to_mean": peak_to_mean})
    (day,) = collected(file, tmp_path).tables
    citizens = [row[2] for row in day.rows]
    wanted = demand(file).citizens.rate
    assert max(citizens) == pytest.approx(wanted, rel=1e-5)
    assert citizens[22] == max(citizens)
    others = sum(citizens) - citizens[22]
    journeys = others * 3600 + citizens[22] * 60 * peak_minutes(peak_to_mean)
    assert journeys / 86_400 == pytest.approx(wanted / peak_to_mean, rel=1e-4)


def test_the_last_day_of_a_campaign_has_people_in_the_daytime_too(tmp_path: Path) -> None:
    (day,) = collected(project(demand=_EXAMPLE | {"peak_to_mean": 9.8}), tmp_path).tables
    citizens = [row[2] for row in day.rows]
    assert sum(citizens[9:18]) > 0.3 * (sum(citizens) - citizens[22])
    assert citizens[3] < min(citizens[9:18])
    assert [row[-1] for row in day.rows] != [row[-2] for row in day.rows]


def test_the_sum_of_both_peaks_is_said_to_be_cautious(tmp_path: Path) -> None:
    journeys = [
        {"name": "file", "steps": [{"get": "/"}]},
        {"name": "decide", "persona": "agent", "steps": [{"get": "/"}]},
    ]
    file = project(project={"name": "Aide", "users": 300_000, "agents": 3000}, demand=_EXAMPLE, journeys=journeys)
    evidence = collected(file, tmp_path)
    assert evidence.facts[0].value > max(row[1] for row in evidence.tables[0].rows)
    assert "at the same moment" in evidence.facts[0].detail


def test_agents_work_from_nine_to_five(tmp_path: Path) -> None:
    file = project(project={"name": "Aide", "users": 1, "agents": 3000})
    (day,) = collected(file, tmp_path).tables
    agents = [row[3] for row in day.rows]
    assert [hour for hour, rate in enumerate(agents) if rate] == list(range(9, 17))
    assert max(agents) == pytest.approx(demand(file).agents.rate, rel=1e-5)
    assert sum(agents) * 3600 == pytest.approx(3000 * 20, rel=1e-5)


_DAY = {
    "name": "decide",
    "persona": "agent",
    "repeat": 5,
    "repeat_from": "next",
    "pace": 2.0,
    "steps": [
        {"get": "/sign-in"},
        {"get": "/next", "name": "next", "think": "3 s"},
        {"get": "/decide", "think": "1 s"},
    ],
}


def test_an_agent_at_work_all_day_signs_in_once_for_many_dossiers(tmp_path: Path) -> None:
    agents = {"name": "Aide", "users": 300_000, "agents": 3000}
    once, repeated = (
        project(project=agents, demand=_EXAMPLE, journeys=[_DAY | changed])
        for changed in ({"repeat": 1, "pace": 1.0}, {})
    )
    (journey,) = repeated.journeys
    assert [step.path for step in journey.session] == ["/sign-in", *["/next", "/decide"] * 5]
    assert sum(step.think for step in journey.session) == pytest.approx(5 * 4 * 2.0)
    # as many dossiers a second, in a fifth of the sessions
    assert demand(repeated).agents.rate == pytest.approx(demand(once).agents.rate / 5)
    assert demand(repeated).agents.requests == 11
    found = collected(repeated, tmp_path)
    assert "/ 5 in a session" in next(f for f in found.facts if f.id == "demand.journeys_per_s").detail
    (row,) = next(table for table in found.tables if table.id == "demand.journeys").rows
    assert row[:6] == ("decide", "agent", None, None, 1.0, 5)


def test_a_repetition_begins_at_a_step_that_exists() -> None:
    with pytest.raises(ValueError, match="no step is called 'nowhere'"):
        project(journeys=[_DAY | {"repeat_from": "nowhere"}])
