"""The pool of connections under requests that are given up: none takes a connection with it."""

from __future__ import annotations

import asyncio

from psycopg_pool import AsyncConnectionPool, PoolTimeout

from reference_app import database
from reference_app.database import Pool
from reference_app.settings import Settings


def settings(database_url: str) -> Settings:
    values = dict.fromkeys(("public_url", "citizen_issuer", "agent_issuer"), "http://127.0.0.1:9")
    words = dict.fromkeys(("citizen_client_id", "citizen_client_secret", "agent_client_id", "agent_client_secret"), "x")
    known = {"DATABASE_URL": database_url, "session_secret": "0" * 32, "agent_sirets": "", "pool_size": 1}
    return Settings(**values | words | known | {"pool_wait_s": 2})


async def survives(pool: Pool) -> bool:
    """Whether a connection is left after a request was given up while it gave its own back."""
    async with pool:
        used = asyncio.Event()

        async def request() -> None:
            async with pool.connection() as connection:
                await connection.execute("SELECT 1")
                used.set()
                await pool._lock.acquire()  # somebody else is at the pool just then

        giving_back = asyncio.create_task(request())
        await used.wait()
        for _ in range(20):  # until it waits for the pool
            await asyncio.sleep(0)
        giving_back.cancel()
        await asyncio.wait([giving_back], timeout=10)
        pool._lock.release()
        try:
            async with pool.connection(2) as connection:
                await connection.execute("SELECT 1")
        except PoolTimeout:
            return False
        return True


def test_a_request_that_is_given_up_does_not_take_its_connection_along(database_url):
    assert asyncio.run(survives(database.make_pool(settings(database_url))))


def test_a_pool_that_takes_back_in_the_task_of_the_request_would_lose_it(database_url):
    """The control: the same without what the service adds."""
    plain = AsyncConnectionPool(
        database_url, kwargs={"autocommit": True}, min_size=1, max_size=1, timeout=2, open=False
    )
    assert not asyncio.run(survives(plain))
