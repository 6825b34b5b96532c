"""Collectors that need no service, side by side on the cores there are, and told of in the order of the run."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

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


def side_by_side(collectors: Sequence[Collector], ask: Ask, reporter: Reporter, *, workers: int | None = None) -> None:
    """Ask every collector, ``workers`` at a time (by default as many as cores), and report each in the given order.

    ``ask`` calls a collector and keeps its evidence; it runs in another thread. However this ends, no collector is left
    at work, and no program that one started.

    Raises:
        OSError: the first error of ``ask``; those not begun are not asked.
    """
    stop = threading.Event()
    told = {collector.id: _Told() for collector in collectors}
    usable = len(os.sched_getaffinity(0)) if workers is None else workers
    with ThreadPoolExecutor(max_workers=max(1, min(MOST, usable))) as pool:
        try:
            asked = [(one, pool.submit(_ask, one, ask, told[one.id], stop)) for one in collectors]
            for collector, answer in asked:
                reporter.begin(collector.id)
                _follow(answer, told[collector.id], reporter)
                reporter.end(answer.result(), seconds=told[collector.id].seconds)
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


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
