"""The registry is asked first; the connection is held for the statements only."""

from typing import Any

from bench import service

app = service("", connections=2)


@app.get("/dossiers")
async def dossiers(n: int = 1) -> list[Any]:
    firm = (await app.state.registry.get(f"/registry/{n}?pause=0.04")).json()
    async with app.state.pool.connection() as connection:
        found = await (await connection.execute("select 'asked by'")).fetchone()
        return [found, firm, await (await connection.execute("select now()::text")).fetchone()]
