"""The log a service adopts: one line of JSON a thing, joined to its trace, without personal values.

A line is put into a queue and written by a thread: output that nobody reads costs the user nothing. The queue is
bounded; what did not fit is counted in a line of its own.
"""

from __future__ import annotations

import json
import logging
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from traceback import extract_tb
from typing import NamedTuple

from observability.scrubbing import without_personal_values

QUEUED_LINES = 10_000
FLUSH_EVERY_S = 0.1
STOP_TIMEOUT_S = 2.0
_TEXT_MAX_CHARS = 1_000
_FRAMES = 12
_SERVERS = ("uvicorn", "uvicorn.error", "gunicorn", "gunicorn.error")
"""Loggers that servers give handlers of their own: their lines go through ours instead."""
_ACCESS = ("uvicorn.access", "gunicorn.access")
"""Loggers of paths and query strings, which hold what people typed: ended, each request has a line of ours."""


class Trace(NamedTuple):
    """The trace a line belongs to; ``span_id`` is empty where no span was made."""

    trace_id: str
    span_id: str
    sampled: bool


current: ContextVar[Trace | None] = ContextVar("trace of this request", default=None)


class Log:
    """Lines of JSON written to a file descriptor by a thread of their own."""

    def __init__(self, service_name: str, fd: int, clock: Callable[[], datetime]) -> None:
        self._service_name = service_name
        self._fd = fd
        self._clock = clock
        self._begin()
        os.register_at_fork(after_in_child=self._begin_again)

    def line(self, event: str, level: str, fields: Mapping[str, object], trace: Trace | None) -> None:
        """Queue one line; texts in ``fields`` lose their personal values when it is written."""
        if self._closing.is_set():
            return
        if len(self._queue) >= QUEUED_LINES:
            self._lost += 1
            return
        self._queue.append((self._clock(), event, level, fields, trace))

    def close(self) -> None:
        """Write what is left, for at most :data:`STOP_TIMEOUT_S` seconds."""
        self._closing.set()
        self._thread.join(STOP_TIMEOUT_S)

    def _begin_again(self) -> None:
        """In the child of a fork: the thread stayed with the parent, which writes the lines that were waiting."""
        if not self._closing.is_set():
            self._begin()

    def _begin(self) -> None:
        self._queue: deque[tuple[datetime, str, str, Mapping[str, object], Trace | None]] = deque()
        self._lost = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def _write(self) -> None:
        while True:
            ending = self._closing.wait(FLUSH_EVERY_S)
            while self._queue:
                if not self._put(self._rendered(*self._queue.popleft())):
                    return
            if self._lost:
                lost, self._lost = self._lost, 0
                self._put(self._rendered(self._clock(), "log.lines_lost", "WARNING", {"lines": lost}, None))
            if ending:
                return

    def _put(self, content: bytes) -> bool:
        """Write one whole line at once, so that those of several workers do not mix; False when nobody can read."""
        try:
            while content:
                content = content[os.write(self._fd, content) :]
        except BlockingIOError:
            select.select([], [self._fd], [])
            return self._put(content)
        except OSError:
            return False
        return True

    def _rendered(
        self, at: datetime, event: str, level: str, fields: Mapping[str, object], trace: Trace | None
    ) -> bytes:
        line: dict[str, object] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": level,
            "event": event,
            "service": self._service_name,
        }
        if trace is not None:
            line |= {"trace_id": trace.trace_id, "span_id": trace.span_id, "sampled": trace.sampled}
        line |= {name: _plain(value) for name, value in fields.items() if name not in line}
        return json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


class JsonHandler(logging.Handler):
    """Takes what libraries log: the message scrubbed; of an exception its type and where it was raised, no words."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the record as a line."""
        try:
            fields: dict[str, object] = {"message": record.getMessage(), "logger": record.name}
        except Exception:  # a message that does not fit its arguments must not cost the request
            fields = {"message": str(record.msg), "logger": record.name}
        info = record.exc_info
        if isinstance(info, tuple) and info[0] is not None:  # some libraries pass False
            kind, _, stack = info
            frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(stack)[-_FRAMES:]]
            fields |= {"exception": f"{kind.__module__}.{kind.__qualname__}", "stack": " < ".join(reversed(frames))}
        self._log.line("log", record.levelname, fields, current.get())


def start(service_name: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> tuple[Log, logging.Handler]:
    """Write lines to the error output from now on, those of the ``logging`` module too; :func:`stop` ends it."""
    log = Log(service_name, sys.__stderr__.fileno() if sys.__stderr__ is not None else 2, clock)
    handler = JsonHandler(log)
    logging.getLogger().addHandler(handler)
    for name in (*_SERVERS, *_ACCESS):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name in _SERVERS
    return log, handler


def stop(log: Log, handler: logging.Handler) -> None:
    """Write what is left and let ``logging`` be."""
    logging.getLogger().removeHandler(handler)
    log.close()


def _plain(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return without_personal_values(str(value)[:_TEXT_MAX_CHARS])
