"""The invariant of the slots, checked in production too: seats counted are seats held."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from reference_app.database import Connection

_MISCOUNTED = """
    SELECT c.id, c.capacity, c.taken, count(r.id) FROM creneau c
    LEFT JOIN rendez_vous r ON r.creneau_id = c.id AND r.state NOT IN ('excused', 'revoked')
    GROUP BY c.id HAVING c.taken <> count(r.id) OR count(r.id) > c.capacity"""


async def miscounted(connection: Connection) -> AsyncIterator[tuple[UUID, str]]:
    """Every slot whose row does not count the appointments that hold a seat, or that holds more than it has."""
    async for creneau, capacity, taken, held in await connection.execute(_MISCOUNTED):
        yield creneau, f"{held} appointments hold a seat of {capacity}, {taken} are counted"
