"""A service that adopts ``observability.tracing`` and, when DATABASE_URL is set, asks PostgreSQL."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool

from observability import tracing

DATABASE = os.environ.get("DATABASE_URL")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    tracing.start("traced-app", float(os.environ.get("SAMPLE_RATIO", "1.0")))
    async with AsyncExitStack() as stack:
        if DATABASE is not None:
            app.state.pool = await stack.enter_async_context(AsyncConnectionPool(DATABASE, min_size=1, open=False))
        yield
    tracing.stop()


app = FastAPI(telemetry=tracing.TELEMETRY, lifespan=lifespan)


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/people/{who}")
async def person(who: str) -> dict[str, str]:
    if who.startswith("fail"):
        raise LookupError(f"nobody is called {who}")
    return {"who": who}


@app.get("/dossiers")
async def dossiers_one_by_one(rows: int = 5) -> list[Any]:
    """The planted defect: one statement a row."""
    async with app.state.pool.connection() as connection:
        return [
            await (await connection.execute("select 'jean@example.fr', %s::int", (number,))).fetchone()
            for number in range(rows)
        ]


@app.get("/dossiers-mended")
async def dossiers_at_once(rows: int = 5) -> list[Any]:
    async with app.state.pool.connection() as connection:
        cursor = await connection.execute("select 'jean@example.fr', n from generate_series(1, %s::int) n", (rows,))
        return await cursor.fetchall()


@app.get("/refused")
async def refused() -> None:
    async with app.state.pool.connection() as connection, connection.transaction():
        await connection.execute("select %s::int", ("280017511400112",))
        await connection.execute("select %s::date", ("jean@example.fr",))
