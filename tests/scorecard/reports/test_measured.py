"""What the page reads is what the collectors write: their own tables, made by their own code."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests import load_table
from loadtests.demand_evidence import collect_demand
from loadtests.step import Objective
from scorecard.evidence import Table
from scorecard.project import ProjectFile
from scorecard.reports import labels, measured, plots, sheet
from scorecard.reports.words import Words
from scorecard.scorecard import Scorecard
from scorecard.site import Site


@pytest.fixture
def demand(tmp_path: Path) -> Site:
    project = ProjectFile.model_validate(
        {
            "project": {"name": "Aide d’urgence aux entreprises", "users": 300_000, "agents": 3_000},
            "target": {"url": "http://127.0.0.1:8000"},
            "journeys": (
                {"name": "file", "steps": ({"get": "/"},)},
                {"name": "decide", "persona": "agent", "steps": ({"get": "/"},)},
            ),
        }
    )
    return Site(project=project, root=tmp_path, run=tmp_path)


def unnamed(table: Table) -> set[str]:
    return {column.name for column in table.columns} - set(labels.COLUMNS)


def test_the_columns_of_the_load_test_are_read_and_named() -> None:
    table = load_table.table((), Objective(p95_s=0.4, error_rate=0.001))
    assert {"offered", "p50", "p95", "p99", "outcome"} <= {column.name for column in table.columns}
    assert unnamed(table) == set()


def test_the_demand_over_the_day_is_read_and_drawn(cards: dict[str, Scorecard], demand: Site) -> None:
    found = collect_demand(demand)
    card = cards["go"].model_copy(update={"evidence": (found,)})
    points = measured.demand_over_day(card)
    assert [hour for hour, _ in points] == list(range(24))
    assert max(rate for _, rate in points) > 0
    assert len(plots.day(card, Words("fr"))) == 2


def test_words_that_never_change_are_said_once_under_the_table(demand: Site) -> None:
    shown = sheet.shown(next(t for t in collect_demand(demand).tables if t.id == "demand.day"), "en")
    assert shown is not None
    assert all(column.unit is not None for column in shown.columns)
    assert len(shown.notes) == 1


@pytest.mark.parametrize(("lang", "kept"), [("en", "reason"), ("fr", "reason_fr")])
def test_of_two_languages_of_a_column_the_reader_gets_one(lang: str, kept: str) -> None:
    shown = sheet.shown(load_table.table((), Objective(p95_s=0.4, error_rate=0.001)), lang)
    assert shown is not None
    assert [c.name for c in shown.columns if c.name.startswith("reason")] == [kept]


def test_a_long_table_is_thinned_out_evenly_and_says_so(cards: dict[str, Scorecard]) -> None:
    table = measured.table(cards["go"], "load.steps")
    assert table is not None
    long = table.model_copy(update={"rows": table.rows * 40})
    shown = sheet.shown(long, "en")
    assert shown is not None
    assert (shown.step, len(shown.rows)) == (4, 80)
