"""What the pages and the API show as free, shared by all who look while many do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from markupsafe import Markup

from reference_app.appointments import availability
from reference_app.appointments.availability import Day, Place, Slot
from reference_app.appointments.shared import Shared
from reference_app.database import Pool
from reference_app.procedure import Procedure


@dataclass(frozen=True, slots=True)
class Times:
    """The days of a place and the times of the one chosen; ``written`` keeps the list as text, by language."""

    place: Place
    days: list[Day]
    chosen: date | None
    slots: list[Slot]
    written: dict[str, Markup] = field(default_factory=dict)


class Shown:
    """Places, days and times that may be booked; ``clock`` gives the present time."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool, self._clock = pool, clock
        self._places: Shared[list[Place]] = Shared()
        self._days: Shared[list[Day]] = Shared()
        self._slots: Shared[list[Slot]] = Shared()
        self._times: Shared[Times] = Shared()

    async def places(self, procedure: Procedure) -> list[Place]:
        """Like :func:`availability.places`."""

        async def read() -> list[Place]:
            async with self._pool.connection() as connection:
                return await availability.places(connection, procedure, self._clock())

        return await self._places.get(procedure.id, read)

    async def days(self, procedure: Procedure, lieu: UUID) -> list[Day]:
        """Like :func:`availability.days`."""

        async def read() -> list[Day]:
            async with self._pool.connection() as connection:
                return await availability.days(connection, procedure, lieu, self._clock())

        return await self._days.get((procedure.id, lieu), read)

    async def slots(self, procedure: Procedure, lieu: UUID, day: date) -> list[Slot]:
        """Like :func:`availability.slots`."""

        async def read() -> list[Slot]:
            async with self._pool.connection() as connection:
                return await availability.slots(connection, procedure, lieu, day, self._clock())

        return await self._slots.get((procedure.id, lieu, day), read)

    async def times(self, procedure: Procedure, lieu: UUID, day: str) -> Times:
        """The times of ``day`` at a place; without one of its days, of the first with a free seat. Raises NotFound."""

        async def read() -> Times:
            now = self._clock()
            async with self._pool.connection() as connection:
                where = await availability.place(connection, lieu)
                days = await availability.days(connection, procedure, lieu, now)
                chosen = _chosen(day, days)
                slots = await availability.slots(connection, procedure, lieu, chosen, now) if chosen is not None else []
            return Times(where, days, chosen, slots)

        return await self._times.get((procedure.id, lieu, day), read)


def _chosen(day: str, days: list[Day]) -> date | None:
    """The day asked for if it is one of ``days``, else the first with a free seat, else the first."""
    for found in days:
        if found.day.isoformat() == day:
            return found.day
    free = [found.day for found in days if found.free > 0]
    return free[0] if free else (days[0].day if days else None)
