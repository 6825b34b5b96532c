"""Collectors side by side: reported in order, and none left at work however it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from scorecard.cli import assess
from scorecard.cli.assess import Plan, collect, stages
from scorecard.cli.progress import Reporter, Stage
from scorecard.cli.runs import create
from scorecard.cli.side_by_side import aside, side_by_side
from scorecard.cli.stages import Collector
from scorecard.evidence import Evidence, Text, broken
from scorecard.project import load
from scorecard.site import Site

WHY = Text(en="nothing to see", fr="rien à voir")
WAIT_S = 60.0


@pytest.fixture
def reporter() -> tuple[Reporter, StringIO]:
    output = StringIO()
    stages = [Stage(name, Text(en=name, fr=name), 1.0) for name in ("first", "second", "third")]
    return Reporter(Console(file=output, width=200), "en", stages, quiet=False), output


def collectors(*names: str) -> list[Collector]:
    return [Collector(name, "room", live=False, collect=lambda _site: broken("x", "p", WHY)) for name in names]


def ended(output: StringIO) -> list[str]:
    return [line.split("] ")[1].split(":")[0] for line in output.getvalue().splitlines() if "failed" in line]


def test_they_run_at_the_same_time_and_are_told_of_in_order(reporter):
    meeting = threading.Barrier(2)

    def ask(collector: Collector, progress: Callable[..., None]) -> Evidence:
        progress(WHY, 0.5, None)
        meeting.wait(WAIT_S)  # nobody passes alone
        return broken(collector.id, "p", WHY)

    side_by_side(collectors("first", "second"), ask, reporter[0], workers=2)
    assert ended(reporter[1]) == ["first", "second"]


def test_what_is_set_to_work_early_is_told_of_when_its_turn_comes(reporter):
    asked: list[str] = []

    def ask(collector: Collector, progress: Callable[..., None]) -> Evidence:
        asked.append(collector.id)
        return broken(collector.id, "p", WHY)

    with aside(collectors("first", "second"), ask, workers=2) as beside:
        beside.wait()
        assert asked == []
        beside.begin()
        beside.wait()
        assert sorted(asked) == ["first", "second"]
        assert ended(reporter[1]) == []
        beside.begin()
        beside.tell(reporter[0])
    assert ended(reporter[1]) == ["first", "second"]
    assert len(asked) == 2


def test_beside_what_measures_time_nobody_is_at_work_and_beside_what_does_not_others_are(poc, monkeypatch):
    monkeypatch.setattr(assess, "cores", lambda: 2)
    begun, log = threading.Event(), list[str]()

    def timed(site: Site) -> Evidence:
        log.append("timed" if not begun.wait(0.2) else "timed beside others")
        return broken("pages", "p", WHY)

    def shared(site: Site) -> Evidence:
        log.append("beside others" if begun.wait(WAIT_S) else "alone")
        return broken("active", "p", WHY)

    def scanner(site: Site) -> Evidence:
        begun.set()
        log.append("scanner")
        return broken("code", "p", WHY)

    chosen = Plan(
        (
            Collector("pages", "observability", live=True, collect=timed),
            Collector("active", "security", live=True, collect=shared, shares=True),
            Collector("code", "security", live=False, collect=scanner, shares=True),
        ),
        traces=False,
    )
    path = poc / "portance.toml"
    run = create(poc / "runs", "run", path.read_bytes(), datetime.now(UTC))
    site = Site(project=load(path), root=poc, run=run.folder, profile="quick")
    output = StringIO()
    reporter = Reporter(Console(file=output, width=200), "en", stages(chosen, site), quiet=False)
    assert collect(site, run, chosen, reporter) == []
    assert log[0] == "timed"
    assert sorted(log[1:]) == ["beside others", "scanner"]


def test_one_worker_takes_them_one_after_the_other(reporter):
    at_work: list[str] = []

    def ask(collector: Collector, progress: Callable[..., None]) -> Evidence:
        at_work.append(collector.id)
        assert len(at_work) == 1
        at_work.remove(collector.id)
        return broken(collector.id, "p", WHY)

    side_by_side(collectors("first", "second", "third"), ask, reporter[0], workers=1)
    assert ended(reporter[1]) == ["first", "second", "third"]


def test_a_full_disk_ends_it_and_stops_the_others_at_their_next_word(reporter):
    stopped = threading.Event()

    def ask(collector: Collector, progress: Callable[..., None]) -> Evidence:
        if collector.id == "first":
            raise OSError(28, "No space left on device")
        try:
            end = time.monotonic() + WAIT_S
            while time.monotonic() < end:
                progress(WHY, 0.5, None)
                time.sleep(0.01)
        finally:
            stopped.set()
        raise AssertionError("never stopped")

    with pytest.raises(OSError, match="No space left"):
        side_by_side(collectors("first", "second", "third"), ask, reporter[0], workers=2)
    assert stopped.is_set(), "nobody is at work any more"


def test_an_interruption_stops_them_all(reporter, monkeypatch):
    class Blow(BaseException):
        pass

    left: list[str] = []

    def ask(collector: Collector, progress: Callable[..., None]) -> Evidence:
        try:
            while True:
                progress(WHY, 0.5, None)
                time.sleep(0.01)
        finally:
            left.append(collector.id)

    def blow(*_: object) -> None:
        raise Blow

    monkeypatch.setattr(reporter[0], "update", blow)
    before = set(threading.enumerate())
    with pytest.raises(Blow):
        side_by_side(collectors("first", "second"), ask, reporter[0], workers=2)
    assert set(left) <= {"first", "second"}
    assert left
    assert not set(threading.enumerate()) - before


def test_the_time_told_is_the_one_that_was_given(reporter):
    reporter[0].begin("first")
    reporter[0].end(broken("first", "p", WHY), seconds=7.25)
    assert "first: failed, 7.2 s" in reporter[1].getvalue()
