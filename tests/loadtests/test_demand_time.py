"""Calendar, openings and announcements, and how far the demand may lie from its best value."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.demand import demand
from loadtests.demand_evidence import collect_demand
from loadtests.demand_range import spread
from loadtests.demand_time import Habits, campaign
from loadtests.profiles import Sourced
from scorecard.project import ProjectError, ProjectFile, parse
from scorecard.project_demand import Event
from scorecard.site import Site

HABITS = Habits(peak_day_share=0.1, peak_to_mean=9.8, peak_hour=20)
OPENS = date(2026, 12, 1)


def event(at: str, share: str, within: str = "46 min") -> dict[str, object]:
    return {"name": "news", "at": datetime.fromisoformat(at), "share": share, "within": within}


def project(**asked: object) -> ProjectFile:
    certain = {"participation": "100 %", "peak_day_share": "10 %", "peak_to_mean": 9.8, "retries": "0 %"}
    document = {"project": {"name": "Masks", "users": 100_000}, "target": {}, "demand": certain | asked}
    return ProjectFile.model_validate(document)


@given(
    st.integers(1, 60),
    st.lists(st.tuples(st.floats(0.01, 0.3), st.integers(0, 23), st.floats(60, 20_000)), max_size=3),
)
def test_a_campaign_brings_everybody_once(days: int, announced: list[tuple[float, int, float]]) -> None:
    at = datetime.fromisoformat("2026-12-01")
    events = [
        Event.model_construct(name="x", at=at + timedelta(hours=hour), share=share, within=within)
        for share, hour, within in announced
    ]
    closes = OPENS + timedelta(days=days - 1)
    found = campaign(100_000, HABITS, events, OPENS, closes + timedelta(days=7))
    # what an event brings dies away: a week later all but a trace has come
    assert sum(day.journeys for day in found) == pytest.approx(100_000, rel=1e-6)
    assert all(day.peak >= max(day.hours) for day in found)


def test_doctolibs_evening_is_found_again_from_its_share_and_its_length() -> None:
    wanted = demand(
        project(events=[event("2021-07-12T20:00:00", "100 %", "46.3 min")]).model_copy(
            update={"project": project().project.model_copy(update={"users": 926_000})}
        )
    )
    assert wanted.citizens.rate == pytest.approx(333, rel=0.01)
    assert wanted.busiest is not None
    assert wanted.busiest.by_events


def test_the_last_day_is_the_busiest_when_nothing_is_announced() -> None:
    wanted = demand(project(opens=OPENS, closes=date(2026, 12, 14), peak_hour=22))
    assert wanted.busiest is not None
    assert wanted.busiest.on == date(2026, 12, 14)
    assert wanted.busiest.busiest.hour == 22
    assert wanted.citizens.rate == pytest.approx(demand(project()).citizens.rate)
    weekend = {day.on: day.journeys for day in wanted.days}
    assert weekend[date(2026, 12, 5)] == pytest.approx(weekend[date(2026, 12, 4)] / 2)


def test_an_opening_outweighs_the_last_day_when_it_brings_more_at_once() -> None:
    wanted = demand(project(opens=OPENS, closes=date(2026, 12, 14), events=[event("2026-12-01T09:00:00", "40 %")]))
    assert wanted.busiest is not None
    assert (wanted.busiest.on, wanted.busiest.busiest.hour) == (OPENS, 9)
    assert wanted.citizens.rate == pytest.approx(40_000 / 2760, rel=0.01)


def test_without_a_calendar_an_event_comes_on_top_of_the_busiest_day() -> None:
    alone = demand(project(peak_hour=20))
    with_event = demand(project(peak_hour=20, events=[event("2026-12-01T20:00:00", "1 %")]))
    on_top = 1_000 / 2760
    assert with_event.citizens.rate == pytest.approx(0.99 * alone.citizens.rate + on_top, rel=1e-6)


def test_tables_and_facts_agree_and_the_low_end_is_below_the_high_end(tmp_path: Path) -> None:
    file = ProjectFile.model_validate(
        {
            "project": {"name": "Masks", "users": 100_000, "agents": 300},
            "target": {},
            "demand": {"profile": "opening", "opens": OPENS, "closes": date(2026, 12, 14)},
        }
    )
    found = collect_demand(Site(project=file, root=tmp_path, run=tmp_path))
    total = next(fact for fact in found.facts if fact.id == "demand.citizen_journeys_per_s")
    assert total.low is not None
    assert total.high is not None
    assert total.low < float(str(total.value)) < total.high
    days = next(table for table in found.tables if table.id == "demand.campaign")
    assert len(days.rows) == 14
    assert max(float(str(row[2])) for row in days.rows) == pytest.approx(float(str(total.value)), rel=1e-4)


def test_numbers_that_are_given_are_certain() -> None:
    wanted = demand(project())
    assert wanted.citizens.low == wanted.citizens.rate == wanted.citizens.high


@given(st.lists(st.tuples(st.floats(0.1, 1), st.floats(1, 10), st.floats(10, 100)), min_size=1, max_size=4))
def test_a_range_of_several_is_wider_than_of_each_and_narrower_than_all_at_once(
    found: list[tuple[float, float, float]],
) -> None:
    factors = [Sourced(value=value, low=low, high=high, source="x") for low, value, high in found]
    low, high = spread(factors)
    all_low, all_high = 1.0, 1.0
    for factor in factors:
        one_low, one_high = spread([factor])
        assert low <= one_low * (1 + 1e-9)
        assert high >= one_high * (1 - 1e-9)
        all_low, all_high = all_low * one_low, all_high * one_high
    assert all_low <= low * (1 + 1e-9)
    assert high <= all_high * (1 + 1e-9)


def test_a_range_that_leaves_its_value_out_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        Sourced(value=1.0, low=2.0, high=3.0, source="x")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("opens = 2026-12-01", "a calendar has opens and closes"),
        ("opens = 2026-12-02\ncloses = 2026-12-01", "closes is before opens"),
        ('events = [{ name = "x", at = 2026-12-01T09:00:00, share = "110 %" }]', "less than or equal to 1"),
        (
            'events = [{ name = "x", at = 2026-12-01T09:00:00, share = "60 %" },'
            ' { name = "y", at = 2026-12-01T10:00:00, share = "60 %" }]',
            "more than 100 %",
        ),
        (
            "opens = 2026-12-02\ncloses = 2026-12-03\n"
            'events = [{ name = "x", at = 2026-12-01T09:00:00, share = "10 %" }]',
            "'x' is not between",
        ),
        ("peak_hour = 24", "less than 24"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_in_one_line(lines: str, said: str) -> None:
    content = f'[project]\nname = "x"\nusers = 1\n[target]\n[demand]\n{lines}\n'
    with pytest.raises(ProjectError) as refused:
        parse(content.encode())
    assert said in str(refused.value)
