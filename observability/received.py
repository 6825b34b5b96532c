"""What a receiver holds at the end of a run."""

from __future__ import annotations

from dataclasses import dataclass

from observability.spans import Span


@dataclass(frozen=True)
class Received:
    """Spans and, counted, all that was not kept."""

    spans: list[Span]
    dropped: int = 0
    """Spans refused because the receiver was full."""
    malformed_bodies: int = 0
    malformed_spans: int = 0
    metrics: int = 0
    """Messages with metrics, accepted and not looked at."""
    logs: int = 0
