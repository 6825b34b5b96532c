"""A signal to stop becomes one exception, and never between the start of a process and the note of whom to stop."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopRequested(BaseException):
    """SIGTERM, SIGINT or SIGHUP came: leave, cleaning up on the way."""


class _Request:
    """Whether a stop was asked for, and how many blocks must not be left for it yet."""

    def __init__(self) -> None:
        self.asked = False
        self.held = 0

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        first, self.asked = not self.asked, True
        if first and not self.held:
            raise StopRequested


_request = _Request()


@contextmanager
def on_signals() -> Iterator[None]:
    """Raise StopRequested in the block at the first signal to stop; later ones do not disturb the cleaning up.

    What fails because of it (a library that cannot roll back what was cut short) is a stop too, and no error.
    """
    _request.asked = False
    before = {number: signal.signal(number, _request.ask) for number in _SIGNALS}
    try:
        yield
    except Exception:
        check()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held() -> Iterator[None]:
    """Put a stop off to the end of the block: what it makes is noted for the cleaning up before anything is raised.

    Python would lose the exception where it starts a process with a ``preexec_fn`` (what runs around the fork must not
    raise), or the process, where the exception comes before anybody knows of it. For short blocks.

    Raises:
        StopRequested: at the end of the block, a stop was asked for in it.
    """
    _request.held += 1
    try:
        yield
    finally:
        _request.held -= 1
    if not _request.held:
        check()


def check() -> None:
    """Raise StopRequested if a stop was asked for: where the exception came, something may have swallowed it.

    For loops that wait; not for what cleans up, which runs after a stop was asked for.
    """
    if _request.asked:
        raise StopRequested
