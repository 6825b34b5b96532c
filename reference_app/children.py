"""Child processes of the stack: each in a session of its own, none outliving this process."""

from __future__ import annotations

import os
import select
import signal
import subprocess  # nosec B404 (own programs only, never a shell)
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from reference_app.embedded import die_with_parent
from reference_app.errors import ReferenceAppError
from reference_app.server import GRACE_S

START_TIMEOUT_S = 30.0


class StartError(ReferenceAppError):
    """A part of the stack did not start."""


@dataclass(frozen=True)
class Child:
    """A process of ours and the end of the pipe on which it says that it is ready."""

    name: str
    process: subprocess.Popen[bytes]
    ready: int


def start(
    name: str, module: str, arguments: Sequence[str], environment: Mapping[str, str], socket_fd: int | None = None
) -> Child:
    """Run ``python -m module``, on the listening socket ``socket_fd`` if given.

    To be called from the main thread, with stops held until the child is where :func:`stop` will find it.
    """
    ready, announce = os.pipe()
    listening = [] if socket_fd is None else ["--fd", str(socket_fd)]
    command = [sys.executable, "-m", module, *arguments, *listening, "--ready-fd", str(announce)]
    try:
        process = subprocess.Popen(  # nosec B603 (own program, a list of arguments, none of a user)
            command,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **environment},
            pass_fds=(announce,) if socket_fd is None else (socket_fd, announce),
            start_new_session=True,  # Ctrl-C reaches this process only, which then stops the others in order
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    finally:
        os.close(announce)
    return Child(name=name, process=process, ready=ready)


def wait_ready(children: Sequence[Child]) -> None:
    """Wait until every child takes requests.

    Raises:
        StartError: one ended or was not ready in time.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    for child in children:
        readable, _, _ = select.select([child.ready], [], [], max(0.0, deadline - time.monotonic()))
        said = os.read(child.ready, 1) if readable else None
        os.close(child.ready)
        match said:
            case None:
                raise StartError(f"{child.name} was not ready within {START_TIMEOUT_S:.0f} s")
            case b"":
                raise StartError(f"{child.name} ended while starting (exit code {child.process.wait()})")
            case _:
                continue


def stop(children: Sequence[Child]) -> None:
    """Ask all to stop, give them the time to answer what is in flight, then kill what is left."""
    for child in children:
        with suppress(ProcessLookupError):
            child.process.terminate()
    deadline = time.monotonic() + GRACE_S + 1.5
    for child in children:
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
