"""Sessions that were signed out before their time, so that a copy of the cookie opens nothing (docs/decisions/0124)."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from itertools import takewhile
from uuid import UUID

import psycopg

from reference_app.database import Connection, Pool

EVERY_S = 1.0
"""The longest that another worker goes without knowing that a session has ended."""
KEPT = timedelta(hours=12)
"""A session lasts no longer, so its end need not be remembered longer."""
OVERLAP = timedelta(seconds=10)
"""Statements that began earlier may become visible later: this much is read twice. A statement lasts 3 s at most."""
WAIT_S = 1.0

_log = logging.getLogger("reference_app")

_SINCE = (
    "SELECT id, ended_at FROM ended_session WHERE ended_at > coalesce(%(since)s, now() - %(kept)s) ORDER BY ended_at"
)
_ADD = "INSERT INTO ended_session (id) SELECT unnest(%(ids)s::uuid[]) ON CONFLICT DO NOTHING"
_PURGE = "DELETE FROM ended_session WHERE ended_at < %(at)s - %(kept)s"


class EndedSessions:
    """The ended sessions as this worker knows them: asked on every request, so kept in memory.

    What another worker ended is known within :data:`EVERY_S`. While the database is away the list stays as it is, and
    an end that could not be written is written when the database is back.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._ended: dict[UUID, datetime | None] = {}
        self._unwritten: set[UUID] = set()
        self._latest: datetime | None = None
        self._silent = False
        self.known = False

    def __contains__(self, session: UUID) -> bool:
        return session in self._ended

    async def add(self, session: UUID) -> None:
        """End ``session``: here at once, elsewhere within a second; never fails for a database that is away."""
        self._ended[session] = None
        self._unwritten.add(session)
        await self._attempt()

    async def follow(self) -> None:
        """Keep the list current until cancelled."""
        while True:
            await self._attempt()
            await asyncio.sleep(EVERY_S)

    async def refresh(self) -> None:
        """Write what is not written and read what others ended. Raises psycopg.Error when the database is away."""
        async with self._pool.connection(WAIT_S) as connection:
            writing = frozenset(self._unwritten)
            if writing:
                await connection.execute(_ADD, {"ids": list(writing)})
                self._unwritten -= writing
            since = None if self._latest is None else self._latest - OVERLAP
            rows = await (await connection.execute(_SINCE, {"since": since, "kept": KEPT})).fetchall()
        for identifier, ended_at in rows:
            self._ended[identifier] = self._latest = ended_at
        if self._latest is not None:
            self._forget(self._latest - KEPT)
        self.known = True

    async def _attempt(self) -> None:
        try:
            await self.refresh()
            self._silent = False
        except psycopg.Error as error:
            if not self._silent:
                _log.warning("ended sessions cannot be read or written: %s", type(error).__name__)
            self._silent = True

    def _forget(self, before: datetime) -> None:
        """Drop what has ended by age; the newest were put in last, so the old ones come first."""
        for one, _ in [*takewhile(lambda item: item[1] is not None and item[1] < before, self._ended.items())]:
            del self._ended[one]


async def purge(connection: Connection, at: datetime) -> int:
    """Forget the ends of sessions that have ended by age at ``at``; how many."""
    return (await connection.execute(_PURGE, {"kept": KEPT, "at": at})).rowcount
