"""Worker processes on one listening socket: restarted when one dies, within a budget, never for ever."""

from __future__ import annotations

import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from reference_app import children, stopping
from reference_app.children import Child
from reference_app.errors import ReferenceAppError

RESTARTS = 5
RESTARTS_WITHIN_S = 60.0
"""A worker that dies more often than this dies of something a restart does not mend."""

_LOOK_EVERY_S = 0.2


class WorkersError(ReferenceAppError):
    """The workers keep dying, or a part they need is gone."""


Start = Callable[[], Child]
"""What starts one worker, the first time and after each death."""


def supervise(
    taken: socket.socket,
    count: int,
    environment: Mapping[str, str],
    *,
    on_ready: Callable[[], None],
    check: Callable[[], None],
    beside: Sequence[Start] = (),
) -> None:
    """Run ``count`` workers until StopRequested is raised; ``check`` is called often and raises if another part died.

    Processes ``beside`` them are started once they take requests, and kept running like them.

    Raises:
        WorkersError: they died too often.
        StartError: one never got ready.
    """
    starts: list[Start] = [partial(_start, taken, environment)] * count
    running: list[Child] = []
    deaths: deque[float] = deque(maxlen=RESTARTS + 1)
    try:
        children.wait_ready(_started(starts, running))
        on_ready()
        starts += beside
        children.wait_ready(_started(beside, running))
        while True:
            time.sleep(_LOOK_EVERY_S)
            stopping.check()
            check()
            for place, child in enumerate(running):
                if (code := child.process.poll()) is None:
                    continue
                deaths.append(time.monotonic())
                if len(deaths) > RESTARTS and deaths[-1] - deaths[0] < RESTARTS_WITHIN_S:
                    raise WorkersError(f"workers died {len(deaths)} times within {RESTARTS_WITHIN_S:.0f} s")
                print(f"{child.name} died (exit code {code}) and is started again", file=sys.stderr)  # noqa: T201
                with stopping.held():
                    running[place] = starts[place]()
                children.wait_ready([running[place]])
    finally:
        taken.close()  # or new connections would wait in a queue that nobody serves any more
        children.stop(running)


def _started(starts: Sequence[Start], running: list[Child]) -> list[Child]:
    """Start all, adding each to ``running`` before a stop can come between; returns those that are new."""
    before = len(running)
    for start in starts:
        with stopping.held():
            running.append(start())
    return running[before:]


def _start(taken: socket.socket, environment: Mapping[str, str]) -> Child:
    return children.start("a worker", "reference_app", ["serve"], environment, taken.fileno())
