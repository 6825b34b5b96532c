"""Dossiers are looked up by the address of the person, which is indexed."""

from typing import Any

from bench import service

TABLES = """
drop table if exists letter_indexed;
create table letter_indexed as select n as id, md5(n::text) as email, repeat('x', 40) as need from generate_series(1, 1500000) n;
create index on letter_indexed (email)
"""

app = service(TABLES)


@app.get("/dossiers")
async def dossiers(n: int = 1) -> list[Any]:
    async with app.state.pool.connection() as connection:
        return await (await connection.execute("select id from letter_indexed where email = md5(%s::text)", (n,))).fetchall()
