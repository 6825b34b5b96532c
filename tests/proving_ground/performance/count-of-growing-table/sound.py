"""The number of dossiers is kept beside them, in parts, so that filings do not wait for each other."""

from random import randrange
from typing import Any

from bench import service

TABLES = """
drop table if exists registered_count;
drop table if exists registereds;
create table registereds as select n as id, repeat('x', 200) as need from generate_series(1, 400000) n;
create table registered_count (part int primary key, number int not null);
insert into registered_count select part, 4000 from generate_series(0, 99) part
"""

app = service(TABLES)


@app.get("/dossiers")
async def dossiers() -> list[Any]:
    async with app.state.pool.connection() as connection:
        await connection.execute("insert into registereds values (0, 'x')")
        part = (randrange(100),)
        await connection.execute("update registered_count set number = number + 1 where part = %s", part)
        return await (await connection.execute("select sum(number)::int from registered_count")).fetchone()
