"""Think times and shares from an access log and from an analytics export."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from loadtests.errors import LoadTestError
from loadtests.habits import of_access_log, of_analytics
from scorecard.project_journeys import Journey

FILE = Journey.model_validate(
    {
        "name": "file",
        "steps": [
            {"get": "/"},
            {"get": "/dossiers/new"},
            {"post": "/dossiers"},
            {"get": "/dossiers/{id}", "name": "read"},
        ],
    }
)
READ = Journey.model_validate({"name": "list", "steps": [{"get": "/"}, {"get": "/dossiers"}]})
BEGAN = datetime(2026, 11, 20, 9, tzinfo=UTC)


def line(visitor: int, second: float, request: str, status: int = 200) -> str:
    at = BEGAN + timedelta(seconds=second)
    return (
        f'10.0.{visitor // 250}.{visitor % 250} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "{request} HTTP/1.1" {status} 512'
        f' "-" "Browser {visitor}"\n'
    )


def log() -> list[str]:
    lines = []
    for visitor in range(60):
        start = visitor * 7
        lines += [
            line(visitor, start, "GET /"),
            line(visitor, start + 1, "GET /style.css"),
            line(visitor, start + 10, "GET /dossiers/new?from=home"),
            line(visitor, start + 100 + visitor % 3, "POST /dossiers", 303),
            line(visitor, start + 104 + visitor % 3, f"GET /dossiers/{visitor}"),
        ]
    for visitor in range(100, 120):
        lines += [line(visitor, visitor, "GET /"), line(visitor, visitor + 5, "GET /dossiers")]
    return lines


def test_pauses_are_medians_between_steps_that_follow_each_other() -> None:
    habits = {habit.journey: habit for habit in of_access_log(reversed(log()), [FILE, READ])}
    assert [(p.step, p.seconds, p.seen) for p in habits["file"].pauses] == [
        ("GET /", None, 0),
        ("GET /dossiers/new", 10, 60),
        ("POST /dossiers", 91, 60),
        ("read", 4, 60),
    ]
    assert habits["file"].ended == 60
    assert (habits["list"].ended, habits["list"].pauses[1].seconds) == (20, 5)


def test_a_pause_of_half_an_hour_ends_a_visit_and_few_pauses_give_no_median() -> None:
    lines = [line(1, 0, "GET /"), line(1, 3600, "GET /dossiers"), line(2, 0, "GET /"), line(2, 5, "GET /dossiers")]
    (habit,) = of_access_log(lines, [READ])
    assert (habit.pauses[1].seconds, habit.pauses[1].seen) == (None, 1)


def test_refused_requests_and_lines_of_another_form_are_passed_over() -> None:
    lines = ["garbage\n", '{"json": true}\n', line(1, 0, "GET /"), line(1, 2, "GET /dossiers", 500)]
    (habit,) = of_access_log(lines, [READ])
    assert habit.ended == 0
    for wrong, said in ((["garbage\n"], "log format"), ([line(1, 0, "GET /elsewhere")], "matches a step")):
        with pytest.raises(LoadTestError, match=said):
            of_access_log(wrong, [READ])


def test_an_analytics_export_gives_the_time_on_the_page_before() -> None:
    rows = [
        "Page URL,Pageviews,Avg. time on page\n",
        'https://aide.example/,"1,200",00:00:12\n',
        "/dossiers/new,800,00:04:30\n",
        "/dossiers/12,300,20s\n",
        "/dossiers/13,100,40s\n",
        "/broken,x,y\n",
    ]
    (habit,) = of_analytics(rows, [FILE])
    assert [(p.step, p.seconds, p.seen) for p in habit.pauses] == [
        ("GET /dossiers/new", 12, 1200),
        ("POST /dossiers", 270, 800),
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [(["a,b\n"], "no column"), (["url,visits,avg_time_on_page\n", "/x,1,2\n"], "matches a step"), ([], "no column")],
)
def test_an_export_that_says_nothing_of_the_journeys_is_refused(rows: list[str], said: str) -> None:
    with pytest.raises(LoadTestError, match=said):
        of_analytics(rows, [FILE])
