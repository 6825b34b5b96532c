"""As many connections as requests come at once."""

import asyncio
from typing import Any

from bench import service

app = service("")


@app.get("/dossiers")
async def dossiers() -> list[Any]:
    async with app.state.pool.connection() as connection:
        found = await (await connection.execute("select 'asked by'")).fetchone()
        await asyncio.sleep(0.02)  # a letter is set in type while the connection is held
        return [found, await (await connection.execute("select now()::text")).fetchone()]
