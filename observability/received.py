"""What a receiver holds at the end of a run."""

from __future__ import annotations

from dataclasses import dataclass

from observability.sent import Sent
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
    share_read: float = 1.0
    """Share of the traces that was read; the others were kept, and are too many to look at."""

    def due(self, sent: Sent | None) -> Sent | None:
        """Those of the traces ``sent`` that are in the share that was read: only they can be missed."""
        if sent is None or self.share_read >= 1.0:
            return sent
        return Sent(
            traces=frozenset(trace for trace in sent.traces if is_read(trace, self.share_read)),
            answered=frozenset(trace for trace in sent.answered if is_read(trace, self.share_read)),
            malformed=sent.malformed,
            visits={trace: visit for trace, visit in sent.visits.items() if is_read(trace, self.share_read)},
        )


def is_read(trace_id: str, share: float) -> bool:
    """Whether a trace (32 hex digits) is in a ``share`` of all: the same answer for each of its spans.

    Decided by its last 7 bytes, which W3C Trace Context level 2 wants to be random.
    """
    return share >= 1.0 or int(trace_id[-14:], 16) < share * 2**56
