"""What a receiver keeps during the load: bytes of OTLP messages in a file without a name, read as spans afterwards."""

from __future__ import annotations

import struct
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from observability.received import Received, is_read
from observability.spans import spans, texts

MAX_SPANS = 4_000_000
"""Spans kept on disk: 5 000 a second for 13 minutes, where the bytes allow it."""
MAX_BYTES = 512 * 1024 * 1024
"""Bytes kept on disk: some 1.7 million spans of an ordinary service."""
MAX_READ = 400_000
"""Spans read at the end: about 250 MB. Of more, whole traces are read, so many that this is kept."""

_LENGTH = struct.Struct("<I")


class Spool:
    """Messages on disk, bounded in spans and bytes; what exceeds that is counted and said."""

    def __init__(self, folder: Path | None, max_spans: int, max_bytes: int, max_read: int) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (close() ends it)
        self._lock = threading.Lock()
        self._max_spans, self._max_bytes, self._max_read = max_spans, max_bytes, max_read
        self._spans = self._bytes = 0
        self._counts = {"dropped": 0, "malformed": 0, "metrics": 0, "logs": 0}

    def count(self, what: str) -> None:
        """Count a message that is not kept: "malformed", "metrics" or "logs"."""
        with self._lock:
            self._counts[what] += 1

    def keep(self, body: bytes, number: int) -> int:
        """Keep a message of ``number`` spans; returns how many had to be refused: none or all of them."""
        with self._lock:
            if self._fits(body, number) and self._append(body):
                self._spans += number
                self._bytes += _LENGTH.size + len(body)
                return 0
            self._counts["dropped"] += number
            return number

    def received(self) -> Received:
        """Everything kept so far, or of too much a sample of whole traces."""
        with self._lock:
            # One trace more or less is not worth a refusal: the share aims a little below the bound.
            share = 1.0 if self._spans <= self._max_read else 0.98 * self._max_read / self._spans
            kept, malformed = [], 0
            for message in self._messages():
                for span in spans(message.resource_spans, lambda trace: is_read(trace, share)):
                    if span is None:
                        malformed += 1
                    else:
                        kept.append(span)
            counts = dict(self._counts)
        return Received(
            spans=kept,
            dropped=counts["dropped"],
            malformed_bodies=counts["malformed"],
            malformed_spans=malformed,
            metrics=counts["metrics"],
            logs=counts["logs"],
            share_read=share,
        )

    @property
    def spans(self) -> int:
        """Spans kept so far."""
        return self._spans

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text of every span kept, with the name of its attribute."""
        with self._lock:
            for message in self._messages():
                yield from texts(message.resource_spans)

    def close(self) -> None:
        """Forget everything."""
        self._file.close()

    def _fits(self, body: bytes, number: int) -> bool:
        return self._spans + number <= self._max_spans and self._bytes + len(body) <= self._max_bytes

    def _append(self, body: bytes) -> bool:
        """Write one message; a full disk leaves the file as it was."""
        try:
            self._file.seek(self._bytes)
            self._file.write(_LENGTH.pack(len(body)) + body)
            self._file.flush()
        except OSError:
            self._file.seek(self._bytes)
            self._file.truncate()
            return False
        return True

    def _messages(self) -> Iterator[ExportTraceServiceRequest]:
        self._file.seek(0)
        while head := self._file.read(_LENGTH.size):
            yield ExportTraceServiceRequest.FromString(self._file.read(_LENGTH.unpack(head)[0]))
