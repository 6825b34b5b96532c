"""A machine lends its processors to the load of another: its workers join a master, one load after the other."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from loadtests.errors import LoadTestError
from scorecard.processes import started

_LOOK_S = 0.2


class AddressError(LoadTestError):
    """An address is not HOST:PORT."""


class JoiningError(LoadTestError):
    """A worker could not join, or failed; ``code`` is what it exited with."""

    def __init__(self, code: int, host: str, port: int) -> None:
        super().__init__(f"a load worker ended with exit code {code}: no master at {host}:{port}, or see above")
        self.code = code


def address_of(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``; an IPv6 address stands in brackets. Raises AddressError."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or port is None or parts.path or parts.query or parts.username is not None:
        raise AddressError(f"{text!r} is not HOST:PORT")
    return host, port


def join(host: str, port: int, processes: int) -> None:
    """Play loads for the masters that listen at ``host`` and ``port``, one after the other, with so many processes.

    It comes back when no master has been there for some minutes; nothing it started is left behind on any way out.

    Raises:
        JoiningError: a worker failed.
    """
    while True:
        with _workers(host, port, processes) as workers:
            codes = [worker.poll() for worker in workers]
            while all(code is None for code in codes):
                time.sleep(_LOOK_S)
                codes = [worker.poll() for worker in workers]
            failed = next((code for code in codes if code), None)
        if failed is not None:
            raise JoiningError(failed, host, port)


@contextlib.contextmanager
def _workers(host: str, port: int, processes: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    command = [sys.executable, "-P", "-m", "loadtests.engine.worker", host, str(port), str(os.getpid())]
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(started(command)) for _ in range(processes)]
