"""The page says how many dossiers there are, counted each time, and each filing adds to them."""

from typing import Any

from bench import service

TABLES = """
drop table if exists registered;
create table registered as select n as id, repeat('x', 200) as need from generate_series(1, 400000) n
"""

app = service(TABLES)


@app.get("/dossiers")
async def dossiers() -> list[Any]:
    async with app.state.pool.connection() as connection:
        await connection.execute("insert into registered values (0, 'x')")
        return await (await connection.execute("select count(*) from registered")).fetchone()
