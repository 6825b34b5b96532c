"""Collectors that disturb nobody, side by side on the cores there are, and told of in the order of the run."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

from scorecard.cli.progress import Reporter
from scorecard.cli.stages import Collector
from scorecard.evidence import Evidence, Text
from scorecard.site import Progress

MOST = 4
"""Collectors at a time: they wait for programs that share the disk."""

_POLL_S = 0.2

Ask = Callable[[Collector, Progress], Evidence]


class Stopped(BaseException):
    """The run ends: raised where a collector tells how far it is; no Exception, which it might take for its own."""


@dataclass
class _Told:
    """What a collector last said of its progress, for whoever shows it."""

    last: tuple[Text, float, float | None] | None = None
    seconds: float = 0.0


@dataclass
class Aside:
    """Collectors that can be set to work while something else goes on; see :func:`aside`."""

    collectors: Sequence[Collector]
    ask: Ask
    pool: ThreadPoolExecutor
    stop: threading.Event = field(default_factory=threading.Event)
    told: dict[str, _Told] = field(default_factory=dict)
    answers: list[Future[Evidence]] = field(default_factory=list)

    def begin(self) -> None:
        """Set all to work, unless they are."""
        if not self.answers:
            self.told = {one.id: _Told() for one in self.collectors}
            self.answers = [
                self.pool.submit(_ask, one, self.ask, self.told[one.id], self.stop) for one in self.collectors
            ]

    def wait(self) -> None:
        """Return when none of those that were begun is at work any more."""
        wait(self.answers)

    def tell(self, reporter: Reporter) -> None:
        """Begin if need be, and report each in order as it ends; raises OSError as its collector did."""
        self.begin()
        for collector, answer in zip(self.collectors, self.answers, strict=True):
            reporter.begin(collector.id)
            _follow(answer, self.told[collector.id], reporter)
            reporter.end(answer.result(), seconds=self.told[collector.id].seconds)


@contextmanager
def aside(collectors: Sequence[Collector], ask: Ask, *, workers: int | None = None) -> Iterator[Aside]:
    """Have ``collectors`` ready to be asked, ``workers`` at a time (by default as many as cores), within the block.

    ``ask`` calls a collector and keeps its evidence; it runs in another thread. However the block ends, no collector is
    left at work, and no program that one started.
    """
    wanted = cores() if workers is None else workers
    with ThreadPoolExecutor(max_workers=max(1, min(MOST, wanted))) as pool:
        beside = Aside(collectors, ask, pool)
        try:
            yield beside
        finally:
            beside.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def side_by_side(collectors: Sequence[Collector], ask: Ask, reporter: Reporter, *, workers: int | None = None) -> None:
    """Ask every collector as :func:`aside` does, and report each in the given order.

    Raises:
        OSError: the first error of ``ask``; those not begun are not asked.
    """
    with aside(collectors, ask, workers=workers) as beside:
        beside.tell(reporter)


def _ask(collector: Collector, ask: Ask, told: _Told, stop: threading.Event) -> Evidence:
    began = time.monotonic()

    def progress(doing: Text, fraction: float, remaining_s: float | None) -> None:
        if stop.is_set():
            raise Stopped
        told.last = (doing, fraction, remaining_s)

    try:
        return ask(collector, progress)
    finally:
        told.seconds = time.monotonic() - began


def _follow(answer: Future[Evidence], told: _Told, reporter: Reporter) -> None:
    """Show the progress of one collector until it has answered."""
    while not wait([answer], timeout=_POLL_S).done:
        if told.last is not None:
            reporter.update(*told.last)
