"""A signal to stop becomes one exception, and never between the start of something and the note of how to end it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


class Interrupted(BaseException):
    """The user or the system asked the command to stop (SIGINT, SIGTERM, SIGHUP).

    Not a KeyboardInterrupt, which the library that reads the options would turn into exit code 130 by itself; not an
    Exception, so that no collector can take it for a failure of its own. ``kept`` is the run, if one began.
    """

    kept: Path | None = None


class _Signals:
    """How many blocks must not be left for a signal yet, and whether one came meanwhile."""

    def __init__(self) -> None:
        self.held = 0
        self.waiting = False

    def came(self, _number: int, _frame: FrameType | None) -> None:
        if self.held:
            self.waiting = True
        else:
            raise Interrupted


_signals = _Signals()


def on_signals() -> None:
    """Raise Interrupted in the main thread at every signal to stop, from now on."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _signals.came)


@contextmanager
def held() -> Iterator[None]:
    """Put an interruption off to the end of the block, for what must be whole: a process and the note of it.

    For short blocks. In other threads than the main one it does nothing: signals interrupt none of them.

    Raises:
        Interrupted: at the end of the block, a signal came in it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _signals.held += 1
    try:
        yield
    finally:
        _signals.held -= 1
    if _signals.waiting and not _signals.held:
        _signals.waiting = False
        raise Interrupted
