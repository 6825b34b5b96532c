"""The door as one worker keeps it: who came is counted here, and made known to the others once a second."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from uuid import UUID

import psycopg

from reference_app.database import Pool
from reference_app.waiting_room import room as rooms
from reference_app.waiting_room.line import SETTLED_S, Line, Ticket

EVERY_S = 1.0
LOOK_S = 5.0
"""Without a room a worker looks for one so often."""
WAIT_S = 1.0
KNOWN = 100_000
"""Accounts of a room that a worker counts once only; beyond that some may count twice, which slows the line."""

_log = logging.getLogger("reference_app")


class Door:
    """The lines of the rooms there are, by procedure; none before :meth:`sync`. ``clock`` never goes back."""

    def __init__(self, pool: Pool, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool, self._clock = pool, clock
        self._ahead = 0.0
        self._syncing = asyncio.Lock()
        self._pending: Counter[tuple[UUID, int]] = Counter()
        self._known: dict[UUID, set[UUID]] = {}
        self.lines: Mapping[str, Line] = {}

    def now(self) -> float:
        """The database's clock, seconds since 1970, as known from the last look at it."""
        return self._clock() + self._ahead

    def arrive(self, line: Line, account: UUID, *, again: bool = False) -> Ticket:
        """A ticket for ``account``, at the end of ``line``.

        Whoever asks for one ticket after the other is counted once; ``again`` after a turn that has passed.
        """
        now = int(self.now())
        known = self._known.setdefault(line.room.id, set())
        if again or account not in known:
            if len(known) < KNOWN:
                known.add(account)
            self._pending[line.room.id, max(now, line.early_second)] += 1
        return Ticket(line.room.id, account, now)

    async def follow(self) -> None:
        """Keep the lines current until cancelled."""
        silent = False
        while True:
            try:
                await self.sync()
                silent = False
            except psycopg.Error as error:
                # The lines stand still meanwhile: nobody enters who should not, and nobody loses a place.
                if not silent:
                    _log.warning("the waiting room cannot be read or written: %s", type(error).__name__)
                silent = True
            await asyncio.sleep(EVERY_S if self.lines else LOOK_S)

    async def sync(self) -> None:
        """Tell who came, and read who came elsewhere. Raises psycopg.Error when the database is away."""
        async with self._syncing, self._pool.connection(WAIT_S) as connection:  # or some would be told twice
            telling = self._timely()
            if telling:
                await rooms.add(connection, telling)
                self._pending -= Counter(telling)
            found = await rooms.rooms(connection)
            lines: dict[str, Line] = {}
            for room in found:
                self._ahead = room.now - self._clock()
                known = self.lines.get(room.procedure)
                line = known if known is not None and known.room.id == room.id else Line(room)
                line.room = room
                line.fold(await rooms.arrivals(connection, room.id, line.settled), room.now)
                lines[room.procedure] = line
        self.lines = lines
        self._known = {room.id: self._known.get(room.id, set()) for room in found}
        self._pending = Counter({at: count for at, count in self._pending.items() if at[0] in self._known})

    def _timely(self) -> dict[tuple[UUID, int], int]:
        """What to tell: a second that others hold for complete by now counts as this one, so that the line stays as
        long as it is."""
        now = int(self.now())
        telling: Counter[tuple[UUID, int]] = Counter()
        for (room, second), count in list(self._pending.items()):
            at = now if second <= now - SETTLED_S + 1 else second
            if at != second:
                del self._pending[room, second]
                self._pending[room, at] += count
            telling[room, at] += count
        return dict(telling)
