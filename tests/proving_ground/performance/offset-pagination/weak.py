"""The pages of the list are skipped to, row by row."""

from typing import Any

from bench import service

TABLES = """
create table if not exists pile (id int primary key, need text);
insert into pile select n, repeat('x', 40) from generate_series(1, 400000) n on conflict do nothing
"""

app = service(TABLES)


@app.get("/dossiers")
async def dossiers(n: int = 1) -> list[Any]:
    async with app.state.pool.connection() as connection:
        page = 16_000 + n * 100
        found = await connection.execute("select id, need from pile order by id limit 20 offset %s", (page * 20,))
        return await found.fetchall()
