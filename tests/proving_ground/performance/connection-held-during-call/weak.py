"""The registry is asked in the middle of a transaction."""

from typing import Any

from bench import service

app = service("", connections=2)


@app.get("/dossiers")
async def dossiers(n: int = 1) -> list[Any]:
    async with app.state.pool.connection() as connection:
        found = await (await connection.execute("select 'asked by'")).fetchone()
        firm = (await app.state.registry.get(f"/registry/{n}?pause=0.04")).json()
        return [found, firm, await (await connection.execute("select now()::text")).fetchone()]
