"""The load generator's process: started with a channel, asked, killed with its group on every way out."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from loadtests.engine.channel import Channel
from loadtests.errors import LoadTestError
from scorecard.processes import started
from scorecard.site import is_local

LOG = "generator.log"
_GOODBYE_S = 3.0


class GeneratorError(LoadTestError):
    """The load generator died, hung or refused its orders."""


class EngineProcess:
    """A running generator process and the channel to it."""

    def __init__(self, pid: int, channel: Channel, log: Path) -> None:
        self.pid = pid
        """Its process id; its workers on this machine are of its group. It is reaped at the end of the block alone."""
        self._channel = channel
        self._log = log

    def ask(
        self, message: dict[str, Any], answer: str, timeout_s: float, beat: Callable[[], None] | None = None
    ) -> dict[str, Any]:
        """Send ``message`` and wait for what is called ``answer``; ``beat`` is called about once a second meanwhile.

        Raises:
            GeneratorError: it died, did not answer in time, or said why it cannot.
        """
        deadline = time.monotonic() + timeout_s
        try:
            self._channel.send(message)
            while (said := self._channel.receive(max(0.001, deadline - time.monotonic()))) is not None:
                match said["is"]:
                    case "beat":
                        if beat is not None:
                            beat()
                    case "error":
                        raise GeneratorError(said["message"])
                    case kind if kind == answer:
                        return said
                    case other:
                        raise GeneratorError(f"the load generator answered {other!r} where {answer!r} was expected")
        except TimeoutError as error:
            raise GeneratorError(f"the load generator did not answer within {timeout_s:.0f} s") from error
        except OSError:
            pass
        raise GeneratorError(f"the load generator died: {self._last_words()}")

    def _last_words(self) -> str:
        deadline = time.monotonic() + _GOODBYE_S
        while time.monotonic() < deadline and not self._has_ended():
            time.sleep(0.02)
        lines = [line for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        return lines[-1].strip() if lines else "nothing on its error output"

    def _has_ended(self) -> bool:
        """Whether it has ended; its number stays its own."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def hang_up(self) -> None:
        """Close the channel, on which the process ends by itself, and give it the time to tell workers elsewhere."""
        self._channel.close()
        deadline = time.monotonic() + _GOODBYE_S
        while time.monotonic() < deadline and not self._has_ended():
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill the process and all it started; it has nothing to save."""
        self._channel.close()
        os.killpg(self.pid, signal.SIGKILL)
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)


@contextlib.contextmanager
def engine_process(target: str, folder: Path, *, says_goodbye: bool = False) -> Iterator[EngineProcess]:
    """A generator process for as long as the block lasts, in ``folder``, where it leaves its log.

    It is a session of its own, so that Ctrl-C reaches it through this block only, and its whole group is killed on
    every way out. With ``says_goodbye`` it first gets three seconds to send its workers on other machines away.
    """
    ours, theirs = socket.socketpair()
    log = folder / LOG
    channel = Channel(ours)
    with contextlib.ExitStack() as stack:
        with theirs, log.open("ab") as errors:
            process = stack.enter_context(
                started(
                    [sys.executable, "-P", "-m", "loadtests.engine", str(theirs.fileno())],
                    cwd=folder,
                    env=_environment(target),
                    stdout=errors,
                    stderr=errors,
                    pass_fds=[theirs.fileno()],
                )
            )
        engine = EngineProcess(process.pid, channel, log)
        stack.callback(engine.hang_up if says_goodbye else channel.close)
        yield engine


def _environment(target: str) -> dict[str, str]:
    """The environment of the generator: on this machine names need no thread of their own to be looked up."""
    return os.environ | {"GEVENT_RESOLVER": "block"} if is_local(target) else dict(os.environ)
