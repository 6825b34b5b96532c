"""Reading that many ask for at once: shared when a worker is busy with it, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from reference_app.appointments.shared import BUSY_PER_S, KEPT_S, Shared


class Readings:
    """Something to read that counts how often it was, and the clock of the one who reads."""

    def __init__(self) -> None:
        self.count, self.now = 0, 0.0
        self.shared: Shared[int] = Shared(lambda: self.now)

    async def read(self) -> int:
        self.count += 1
        number = self.count
        await asyncio.sleep(0)
        return number

    async def ask(self, times: int, key: str = "one", read: Callable[[], Awaitable[int]] | None = None) -> list[int]:
        return [await self.shared.get(key, self.read if read is None else read) for _ in range(times)]

    async def make_busy(self) -> None:
        await self.ask(BUSY_PER_S)
        self.count = 0


def test_on_a_calm_day_everybody_reads_for_themselves():
    readings = Readings()
    assert asyncio.run(readings.ask(BUSY_PER_S)) == [*range(1, BUSY_PER_S + 1)]
    assert len(readings.shared) == 0


def test_in_a_rush_one_reads_for_all_until_it_is_a_second_old():
    async def rush() -> None:
        readings = Readings()
        await readings.make_busy()
        assert set(await readings.ask(50)) == {1}
        readings.now += KEPT_S
        assert set(await readings.ask(50)) == {2}

    asyncio.run(rush())


def test_those_who_come_while_it_is_read_wait_for_the_same_reading():
    async def rush() -> list[int]:
        readings = Readings()
        await readings.make_busy()
        return await asyncio.gather(*(readings.shared.get("one", readings.read) for _ in range(30)))

    assert asyncio.run(rush()) == [1] * 30


def test_other_keys_are_other_readings_and_none_is_kept_for_longer_than_a_second():
    async def rush() -> None:
        readings = Readings()
        await readings.make_busy()
        for number in range(40):
            await readings.ask(1, f"key {number}")
        assert (readings.count, len(readings.shared)) == (40, 40)
        readings.now += KEPT_S
        await readings.ask(1, "another")
        assert len(readings.shared) == 1

    asyncio.run(rush())


def test_it_is_calm_again_a_second_after_the_rush():
    async def rush() -> None:
        readings = Readings()
        await readings.make_busy()
        await readings.ask(30)
        readings.now += 3 * KEPT_S
        before = readings.count
        await readings.ask(3)
        assert readings.count == before + 3

    asyncio.run(rush())


def test_a_failure_is_told_to_those_who_waited_and_not_kept():
    async def rush() -> None:
        readings = Readings()
        await readings.make_busy()

        async def fail() -> int:
            await asyncio.sleep(0)
            raise LookupError

        told = await asyncio.gather(*(readings.shared.get("one", fail) for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in told] == [LookupError] * 3
        assert await readings.ask(2) == [1, 1]

    asyncio.run(rush())


def test_who_gives_up_waiting_takes_nothing_from_the_others():
    async def rush() -> None:
        readings = Readings()
        await readings.make_busy()
        first = asyncio.create_task(readings.shared.get("one", readings.read))
        second = asyncio.create_task(readings.shared.get("one", readings.read))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == 1
        with pytest.raises(asyncio.CancelledError):
            await first

    asyncio.run(rush())
