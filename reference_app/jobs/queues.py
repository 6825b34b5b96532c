"""The queues, each named for the delay it promises and worked off by workers of its own.

A job goes where its promise is, whatever it does: 6 000 invitations (hours) never stand before a scan that somebody
waits for (seconds), since no worker of one queue looks at another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from reference_app.errors import ReferenceAppError


class Queue(StrEnum):
    """How soon a job is begun when nothing is wrong."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"


@dataclass(frozen=True)
class Service:
    """What a queue promises, and how one process of workers serves it."""

    promise: timedelta
    concurrency: int
    """Jobs at once: they wait for others most of the time, not for the processor."""
    look_every_s: float
    """Seconds between two looks at a queue that was found empty."""


SERVICES = {
    Queue.SECONDS: Service(promise=timedelta(seconds=30), concurrency=4, look_every_s=1.0),
    Queue.MINUTES: Service(promise=timedelta(minutes=10), concurrency=2, look_every_s=5.0),
    Queue.HOURS: Service(promise=timedelta(hours=12), concurrency=2, look_every_s=5.0),
}


class QueueError(ReferenceAppError):
    """There is no such queue."""


def named(names: str) -> list[Queue]:
    """The queues of a list like ``seconds,hours``, each once.

    Raises:
        QueueError: one is unknown, or none is named.
    """
    try:
        found = list(dict.fromkeys(Queue(name.strip()) for name in names.split(",")))
    except ValueError:
        raise QueueError(f"queues are {', '.join(Queue)}, comma separated") from None
    return found
