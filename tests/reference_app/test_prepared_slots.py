"""Slots for a load test are there from the start, and are slots like any other."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from reference_app import embedded, migration
from reference_app.appointments import availability
from reference_app.appointments.prepared import DAYS, PLACES, prepare
from reference_app.database import connect


@pytest.fixture(scope="module")
def dsn():
    with embedded.running() as running:
        migration.upgrade(running.dsn())
        yield running.dsn()


def test_every_place_has_free_seats_on_the_days_that_follow_and_opening_twice_opens_nothing(dsn):
    asyncio.run(_open_and_check(dsn))


async def _open_and_check(dsn: str) -> None:
    now = datetime.now(UTC)
    procedure = availability.by_appointment("masks")
    async with connect(dsn) as connection:
        opened = await prepare(connection, 7, now)
        assert opened == PLACES * DAYS * 60  # every ten minutes of ten hours
        assert await prepare(connection, 7, now) == 0
        places = await availability.places(connection, procedure, now)
        assert len(places) == PLACES
        assert all(place.open for place in places)
        days = await availability.days(connection, procedure, places[0].id, now)
        assert [day.free for day in days] == [7 * 60] * DAYS
        assert days[0].day == availability.day_of(now) + timedelta(days=1)
