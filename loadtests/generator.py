"""The load generator seen from outside: started once, given orders, killed with its group on every path."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from loadtests.engine.channel import Channel
from loadtests.engine.orders import TIMEOUT_S, Order
from loadtests.errors import LoadTestError
from scorecard.project import Journey
from scorecard.site import is_local

_START_TIMEOUT_S = 60.0
_SPARE_S = 20.0
TRACES = "sent-traces.jsonl"
LOG = "generator.log"


class GeneratorError(LoadTestError):
    """The load generator died, hung or refused its orders."""


class Generator:
    """A running load generator."""

    def __init__(self, process: subprocess.Popen[bytes], channel: Channel, log: Path) -> None:
        self._process = process
        self._channel = channel
        self._log = log
        self.locust = ""

    def smoke(self, journey: Journey, think_scale: float) -> dict[str, Any]:
        """Send one visitor through ``journey`` with no other load. Raises GeneratorError."""
        longest = sum(step.think * think_scale + TIMEOUT_S for step in journey.steps) + _SPARE_S
        return self._ask({"do": "smoke", "journey": journey.name, "think_scale": think_scale}, "smoke", longest)

    def step(self, order: Order, beat: Callable[[], None]) -> dict[str, Any]:
        """Carry out one step of the load and return its raw report; ``beat`` is called about once a second.

        Raises:
            GeneratorError: the generator died or did not end in time.
        """
        longest = order.warm_up_s + order.duration_s + order.drain_s + _SPARE_S
        return self._ask({"do": "step", **asdict(order)}, "step", longest, beat)

    @property
    def pid(self) -> int:
        """Process id of the generator."""
        return self._process.pid

    def _ask(
        self, message: dict[str, Any], answer: str, timeout_s: float, beat: Callable[[], None] | None = None
    ) -> dict[str, Any]:
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
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        lines = [line for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        return lines[-1].strip() if lines else f"exit code {self._process.returncode}, nothing on its error output"


@contextlib.contextmanager
def generator(
    target: str, journeys: Sequence[Journey], populations: Mapping[str, int], folder: Path, seed: int
) -> Iterator[Generator]:
    """A load generator against ``target`` for as long as the block lasts.

    It runs in ``folder``, where it leaves its log and the list of sampled requests. It is a session of its own, so
    that Ctrl-C reaches it through this block only, and its whole group is killed on every way out.

    Raises:
        GeneratorError: it did not start, or a journey uses a value nobody gives.
    """
    ours, theirs = socket.socketpair()
    log = folder / LOG
    with contextlib.ExitStack() as stack:
        channel = Channel(ours)
        stack.callback(channel.close)
        with theirs, log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "loadtests.engine", str(theirs.fileno())],
                cwd=folder,
                env=_environment(target),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        stack.callback(_kill_group, process)
        running = Generator(process, channel, log)
        ready = running._ask(
            {
                "target": target,
                "journeys": [_portable(j) for j in journeys],
                "populations": dict(populations),
                "traces": str(folder / TRACES),
                "seed": seed,
            },
            "ready",
            _START_TIMEOUT_S,
        )
        running.locust = ready["locust"]
        yield running


def _environment(target: str) -> dict[str, str]:
    """The environment of the generator: on this machine names need no thread of their own to be looked up."""
    return os.environ | {"GEVENT_RESOLVER": "block"} if is_local(target) else dict(os.environ)


def _portable(journey: Journey) -> dict[str, Any]:
    """The journey as a project file would hold it: durations are words there."""
    document = journey.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for step in document["steps"]:
        if "think" in step:
            step["think"] = f"{step['think']:.6f} s"
    return document


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all it started; it has nothing to save."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
