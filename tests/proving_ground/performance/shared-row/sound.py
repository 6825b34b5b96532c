"""The number of a receipt comes from a sequence, which nobody waits for."""

import asyncio
from typing import Any

from bench import service

TABLES = "create sequence if not exists receipt"

app = service(TABLES)


@app.get("/dossiers")
async def dossiers() -> Any:
    async with app.state.pool.connection() as connection:
        number = await connection.execute("select nextval('receipt')")
        await asyncio.sleep(0.02)  # the receipt is written
        return await number.fetchone()
