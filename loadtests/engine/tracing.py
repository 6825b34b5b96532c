"""W3C trace context on every request, and the list of the requests whose trace should arrive."""

from __future__ import annotations

import json
from random import Random
from typing import TextIO


def traceparent(random: Random, *, sampled: bool) -> tuple[str, str]:
    """A new trace: its id (32 hex digits) and the ``traceparent`` header that carries it (W3C, version 00)."""
    # an id of zeros only is not valid, hence the ones
    digits = f"{random.getrandbits(192) | 1 << 64 | 1:048x}"
    return digits[:32], f"00-{digits[:32]}-{digits[32:]}-{'01' if sampled else '00'}"


class SentTraces:
    """The file of sampled requests: one JSON object a line, flushed at the end of each step of the load."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def sent(self, *, trace_id: str, name: str, persona: str, start: float, latency_s: float, ok: bool) -> None:
        """Add a request; ``start`` is in seconds since the epoch, ``latency_s`` from the intended start."""
        line = {
            "trace_id": trace_id,
            "name": name,
            "persona": persona,
            "start": start,
            "latency_s": latency_s,
            "ok": ok,
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def flush(self) -> None:
        """Write out what is buffered."""
        self._file.flush()
