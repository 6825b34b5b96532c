"""Waking at a moment: within some hundredths of a millisecond on Linux, where gevent's own timers round up to one.

Rounded moments fall together: at a hundred arrivals a second every tenth gap is shorter than a millisecond, and
arrivals that wait for the same tick are not the Poisson process that was drawn.
"""

from __future__ import annotations

import ctypes
import os
import sys

import gevent

from loadtests.engine.recorder import monotonic

_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1
_NONBLOCK_CLOEXEC = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)


class _Spec(ctypes.Structure):
    """``struct itimerspec`` of timerfd_settime(2)."""

    _fields_ = [("every_s", ctypes.c_long), ("every_ns", ctypes.c_long), ("s", ctypes.c_long), ("ns", ctypes.c_long)]


class Alarm:
    """Wakes one greenlet; a timer of the kernel that the event loop watches like a socket (timerfd_create(2))."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
        made = -1 if self._libc is None else self._libc.timerfd_create(_CLOCK_MONOTONIC, _NONBLOCK_CLOEXEC)
        self._timer: int | None = made if made >= 0 else None
        if self._timer is not None:
            self._watcher = gevent.get_hub().loop.io(self._timer, 1)

    def wait_until(self, moment: float) -> None:
        """Sleep until ``moment`` on the monotonic clock, which is the kernel's own."""
        while (left := moment - monotonic()) > 0:
            if self._timer is None or self._libc is None:
                gevent.sleep(left)
                continue
            seconds = int(moment)
            spec = _Spec(0, 0, seconds, int((moment - seconds) * 1e9))
            self._libc.timerfd_settime(self._timer, _ABSOLUTE, ctypes.byref(spec), None)
            gevent.get_hub().wait(self._watcher)
            os.read(self._timer, 8)

    def close(self) -> None:
        """Give the timer back."""
        if self._timer is not None:
            self._watcher.stop()
            self._watcher.close()
            os.close(self._timer)
            self._timer = None
