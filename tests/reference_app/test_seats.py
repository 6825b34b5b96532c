"""No seat is sold twice: 8 clients at each of 100 slots; and the checker catches a service that would sell it twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

import psycopg
import pytest

from reference_app.appointments.booking import Booking, book
from reference_app.appointments.seats import miscounted
from reference_app.errors import SlotFull

CLIENTS, SLOTS = 8, 100
NOW = datetime.now(UTC)

Book = Callable[[psycopg.AsyncConnection, UUID, UUID], Awaitable[bool]]


class Sale(NamedTuple):
    """What a rush left: who was told that they have a seat, and the seats found in the database."""

    confirmed: list[tuple[UUID, UUID]]
    stored: list[tuple[UUID, UUID]]


def troubles(sale: Sale, slots: list[UUID], capacity: int) -> dict[str, int]:
    """What is wrong with ``sale``: slots oversold, slots with seats left though all were wanted, confirmations lost."""
    held = Counter(slot for slot, _ in sale.stored)
    told = Counter(slot for slot, _ in sale.confirmed)
    found = {
        "oversold": sum(max(held[s], told[s]) > capacity for s in slots),
        "unsold": sum(held[s] < capacity for s in slots),
        "lost": len(set(sale.confirmed) - set(sale.stored)),
        "twice": len(sale.stored) - len(set(sale.stored)),
    }
    return {name: count for name, count in found.items() if count}


async def by_the_service(connection: psycopg.AsyncConnection, account: UUID, slot: UUID) -> bool:
    try:
        async with connection.transaction():
            await book(connection, account, Booking(creneau=slot, name="Camille"), NOW)
    except SlotFull:
        return False
    return True


async def check_then_insert(connection: psycopg.AsyncConnection, account: UUID, slot: UUID) -> bool:
    """The control: what a proof of concept does."""
    async with connection.transaction():
        counted = await connection.execute(
            "SELECT count(*) < max(c.capacity) FROM creneau c LEFT JOIN rendez_vous r ON r.creneau_id = c.id"
            " WHERE c.id = %s GROUP BY c.id HAVING count(r.id) < max(c.capacity)",
            (slot,),
        )
        if await counted.fetchone() is None:
            return False
        await connection.execute(
            "INSERT INTO rendez_vous (creneau_id, procedure, account_id, name, booked_at, updated_at)"
            " VALUES (%s, 'masks', %s, 'Camille', now(), now())",
            (slot, account),
        )
        await connection.execute("UPDATE creneau SET taken = least(taken + 1, capacity) WHERE id = %s", (slot,))
    return True


@pytest.fixture
def slots(database_url):
    """Slots of a place of their own, and one account for each client at each of them."""

    def make(capacity: int) -> tuple[list[UUID], list[UUID]]:
        with psycopg.connect(database_url) as connection:
            lieu = connection.execute(
                "INSERT INTO lieu (name, address) VALUES (%s, 'x') RETURNING id", (str(uuid4()),)
            ).fetchone()[0]
            made = connection.execute(
                "INSERT INTO creneau (procedure, lieu_id, starts_at, minutes, capacity)"
                " SELECT 'masks', %s, %s + n * interval '5 minutes', 5, %s FROM generate_series(1, %s) n RETURNING id",
                (lieu, NOW + timedelta(days=1), capacity, SLOTS),
            ).fetchall()
            accounts = connection.execute(
                "INSERT INTO account (provider, subject) SELECT 'citizen', gen_random_uuid()::text"
                " FROM generate_series(1, %s) RETURNING id",
                (SLOTS * CLIENTS,),
            ).fetchall()
        return [row[0] for row in made], [row[0] for row in accounts]

    yield make
    with psycopg.connect(database_url) as connection:  # the control leaves slots that do not add up
        connection.execute("DELETE FROM rendez_vous WHERE name = 'Camille'")
        connection.execute("UPDATE creneau SET taken = 0 WHERE minutes = 5")


def rush(database_url: str, how: Book, slots: list[UUID], accounts: list[UUID]) -> tuple[Sale, int]:
    """Have 8 clients book every slot at the same time, one slot after the other."""

    async def run() -> tuple[Sale, int]:
        connections = [await psycopg.AsyncConnection.connect(database_url, autocommit=True) for _ in range(CLIENTS)]
        confirmed = []
        crowd = [accounts[n : n + CLIENTS] for n in range(0, len(accounts), CLIENTS)]
        for slot, people in zip(slots, crowd, strict=True):
            told = await asyncio.gather(*(how(c, a, slot) for c, a in zip(connections, people, strict=True)))
            confirmed += [(slot, account) for account, yes in zip(people, told, strict=True) if yes]
        found = await connections[0].execute(
            "SELECT creneau_id, account_id FROM rendez_vous WHERE creneau_id = ANY(%s)", (slots,)
        )
        stored = await found.fetchall()
        wrong = [c async for c, _ in miscounted(connections[0]) if c in set(slots)]
        for connection in connections:
            await connection.close()
        return Sale(confirmed, stored), len(wrong)

    return asyncio.run(run())


@pytest.mark.parametrize("capacity", [1, 3])
def test_eight_clients_at_each_of_a_hundred_slots_fill_them_exactly(database_url, slots, capacity):
    made, accounts = slots(capacity)
    sale, miscount = rush(database_url, by_the_service, made, accounts)
    assert troubles(sale, made, capacity) == {}
    assert len(sale.confirmed) == SLOTS * capacity
    assert miscount == 0


def test_the_checker_catches_a_service_that_checks_then_inserts(database_url, slots):
    made, accounts = slots(1)
    sale, miscount = rush(database_url, check_then_insert, made, accounts)
    found = troubles(sale, made, 1)
    assert found["oversold"] > 0
    assert len(sale.confirmed) > SLOTS
    assert miscount == found["oversold"], "the check for production sees the same slots"


def test_the_checker_catches_a_confirmation_that_was_not_kept_and_a_seat_nobody_got():
    slot, person = uuid4(), uuid4()
    assert troubles(Sale([(slot, person)], []), [slot], 1) == {"unsold": 1, "lost": 1}
    assert troubles(Sale([], [(slot, person)] * 2), [slot], 2) == {"twice": 1}
