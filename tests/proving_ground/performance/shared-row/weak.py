"""The number of a receipt comes from a row that every filing updates and keeps locked while it works."""

import asyncio
from typing import Any

from bench import service

TABLES = """
drop table if exists counter;
create table counter (id int primary key, last int);
insert into counter values (1, 0)
"""

app = service(TABLES)


@app.get("/dossiers")
async def dossiers() -> Any:
    async with app.state.pool.connection() as connection:
        number = await connection.execute("update counter set last = last + 1 where id = 1 returning last")
        await asyncio.sleep(0.02)  # the receipt is written
        return await number.fetchone()
