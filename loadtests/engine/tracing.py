"""W3C trace context on every request, and the list of the requests whose trace should arrive."""

from __future__ import annotations

import json
import time
from random import Random
from typing import TextIO

from loadtests.engine.recorder import monotonic


def traceparent(random: Random, *, sampled: bool) -> tuple[str, str]:
    """A new trace: its id (32 hex digits) and the ``traceparent`` header that carries it (W3C, version 00)."""
    # an id of zeros only is not valid, hence the ones
    digits = f"{random.getrandbits(192) | 1 << 64 | 1:048x}"
    return digits[:32], f"00-{digits[:32]}-{digits[32:]}-{'01' if sampled else '00'}"


class SentTraces:
    """The file of sampled requests: one JSON object a line, flushed at the end of each step of the load."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._epoch = time.time() - monotonic()

    def sent(self, *, trace_id: str, name: str, persona: str, sent: float, latency_s: float, ok: bool) -> None:
        """Add a request handed over at ``sent`` (monotonic); ``latency_s`` is from the intended start.

        It is listed in seconds since the epoch, by the wall clock as it stood when the step of the load began.
        """
        line = {
            "trace_id": trace_id,
            "name": name,
            "persona": persona,
            "start": self._epoch + sent,
            "latency_s": latency_s,
            "ok": ok,
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def flush(self) -> None:
        """Write out what is buffered."""
        self._file.flush()
        self._epoch = time.time() - monotonic()
