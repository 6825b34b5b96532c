"""Obeying the retention: forget what is due, in small transactions, for so long at most; the rest waits its turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from reference_app.database import Connection
from reference_app.procedure import PROCEDURES
from reference_app.rights import notices
from reference_app.rights.steps import steps

SECONDS = 600.0


@dataclass(slots=True)
class Purged:
    """How much of each kind was forgotten (or would be), and whether nothing due is left."""

    kinds: dict[str, int] = field(default_factory=dict)
    whole: bool = True

    @property
    def all(self) -> int:
        """Everything together."""
        return sum(self.kinds.values())


async def count(connection: Connection, at: datetime) -> Purged:
    """What :func:`purge` would forget at ``at``; changes nothing. Accounts that it would empty are not foreseen."""
    found = Purged()
    for step in steps():
        found.kinds[step.kind] = sum([number async for number in step.due(connection, at)])
    return found


async def purge(
    connection: Connection,
    at: datetime,
    *,
    tell: notices.Tell = notices.on_the_page,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Purged:
    """Forget what is due at ``at``; ends between two batches once ``seconds`` of ``clock`` are over.

    Authors of drafts are told first, and by ``tell``; a draft goes when its author has been told for long enough.
    Stopped at any moment, it goes on where it was: each batch is a transaction.
    """
    ends = clock() + seconds
    await notices.give(connection, at, tell)
    done = Purged()
    for step in steps():
        done.kinds[step.kind] = 0
        async for number in step.forget(connection, at):
            done.kinds[step.kind] += number
            if clock() >= ends:
                done.whole = False
                return done
    return done


def without_rule() -> list[str]:
    """Procedures whose file gives no retention: nothing of theirs is forgotten, which somebody has to mend."""
    return [name for name, procedure in PROCEDURES.items() if procedure.retention is None]
