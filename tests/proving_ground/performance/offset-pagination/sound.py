"""The next page begins after the last row of the one before."""

from typing import Any

from bench import service

TABLES = """
create table if not exists piles (id int primary key, need text);
insert into piles select n, repeat('x', 40) from generate_series(1, 400000) n on conflict do nothing
"""

app = service(TABLES)


@app.get("/dossiers")
async def dossiers(n: int = 1) -> list[Any]:
    async with app.state.pool.connection() as connection:
        after = (16_000 + n * 100) * 20
        found = await connection.execute("select id, need from piles where id > %s order by id limit 20", (after,))
        return await found.fetchall()
