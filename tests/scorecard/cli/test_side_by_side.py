"""Collectors side by side: reported in order, and none left at work however it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from scorecard.cli.progress import Reporter, Stage
from scorecard.cli.side_by_side import side_by_side
from scorecard.cli.stages import Collector
from scorecard.evidence import Evidence, Text, broken

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
