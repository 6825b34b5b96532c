"""What an upload may take: how large, how slow, how many at once."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from starlette.requests import ClientDisconnect
from starlette.types import Scope

from reference_app.errors import N_, Refusal, TooManyRequests, Unavailable
from reference_app.procedure import FILED, filing_of
from reference_app.protection import Allowance

GRACE_S = 20.0
LEAST_BYTES_PER_S = 8 * 1024
"""A phone at the edge of the network sends 64 kbit/s; what is slower than that holds a place that others wait for."""
OVERHEAD_BYTES = 64 * 1024
"""What a form adds around its file."""
AFTERWARDS_S = 30.0
"""For what the storage and the database take once the last byte is there."""

NOT_WHOLE = N_("The file did not arrive whole. Send it again.")
LARGEST_BYTES = max((piece.max_bytes for found in FILED.values() for piece in filing_of(found).pieces), default=0)
_ID = r"[0-9A-Fa-f-]{32,36}"
_PATHS = re.compile(rf"(/api/v1)?(/agent(/mandats/{_ID})?)?/dossiers/{_ID}/pieces/[a-z][a-z0-9_]*(/{_ID})?")


class TooSlow(Refusal):
    """A file arrives more slowly than :data:`LEAST_BYTES_PER_S`."""

    status, slug, title = 408, "too-slow", N_("This took too long")


class Cut(Refusal):
    """The sender went away, or the body ended, before the file did."""

    status, slug, title = 400, "cut", N_("The file did not arrive whole")


FILES = Allowance(
    # Each piece has a limit of its own, told beside it: this one is for what slips past, and so a little wider.
    max_bytes=LARGEST_BYTES + 16 * OVERHEAD_BYTES,
    seconds=GRACE_S + (LARGEST_BYTES + OVERHEAD_BYTES) / LEAST_BYTES_PER_S + AFTERWARDS_S,
)


def allowance(scope: Scope) -> Allowance | None:
    """What a request that sends or fetches a file may take; None for all others."""
    return FILES if _PATHS.fullmatch(scope["path"]) else None


async def paced(body: AsyncIterator[bytes], clock: Callable[[], float] = time.monotonic) -> AsyncIterator[bytes]:
    """What ``body`` gives, as long as it comes: only the time spent waiting for the sender counts.

    Raises:
        TooSlow: after :data:`GRACE_S` less than :data:`LEAST_BYTES_PER_S` came.
        Cut: the sender went away.
    """
    waited, arrived = 0.0, 0
    while True:
        begun = clock()
        try:
            chunk = await asyncio.wait_for(anext(body), GRACE_S + arrived / LEAST_BYTES_PER_S - waited)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise TooSlow(
                N_("The connection is too slow for this file. Try a smaller one, or another place.")
            ) from None
        except ClientDisconnect:
            raise Cut(NOT_WHOLE) from None
        waited += clock() - begun
        arrived += len(chunk)
        yield chunk


class Uploads:
    """How many files this process receives at once, in all and of one person: each holds some memory."""

    def __init__(self, at_once: int, of_one: int) -> None:
        self._at_once, self._of_one = at_once, of_one
        self._running: Counter[UUID] = Counter()

    def running(self) -> int:
        """How many are on their way now."""
        return self._running.total()

    @contextmanager
    def one(self, person: UUID) -> Iterator[None]:
        """A place for a file of ``person``.

        Raises:
            TooManyRequests: this person sends as many already.
            Unavailable: no place is free.
        """
        if self._running[person] >= self._of_one:
            raise TooManyRequests(5)
        if self.running() >= self._at_once:
            raise Unavailable(N_("Many files arrive at the moment. Send yours again in a few seconds."))
        self._running[person] += 1
        try:
            yield
        finally:
            self._running[person] -= 1
            self._running += Counter()  # forgets those that have none
