"""Programs that are run beside this one: each a group of its own, ended with all it started on every way out."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from scorecard.interruption import held


@contextmanager
def started(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``command`` without input for as long as the block lasts, then kill what is left of its group.

    ``options`` are those of :class:`subprocess.Popen`. A block that waits for the process is left soon after: from then
    on its number is kept only by what it left behind.

    Raises:
        OSError: the program cannot be run.
    """
    with ExitStack() as stack:
        with held():
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
            stack.callback(_end, process)
        yield process


def run(command: Sequence[str], *, timeout_s: float, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run ``command`` to its end, whatever its exit code, and take what it writes into pipes among ``options``.

    Raises:
        OSError: the program cannot be run.
        subprocess.TimeoutExpired: it had not ended after ``timeout_s`` seconds, and was killed with its group.
    """
    with started(command, **options) as process:
        try:
            output, errors = process.communicate(timeout=timeout_s)
        finally:
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the group, of which children may be left when its leader has ended: they keep its number from others."""
    with suppress(ProcessLookupError, PermissionError):  # every member has ended, or become somebody else's
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
