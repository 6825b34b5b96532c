"""The role of the agent is asked for again before each part of the page."""

from typing import Any

from bench import service

TABLES = """
create table if not exists rep_agent (id int primary key, role text);
insert into rep_agent values (1, 'examiner') on conflict do nothing
"""
PARTS = (
    "select count(*) from pg_class",
    "select count(*) from pg_type where typlen > 0",
    "select max(oid) from pg_proc",
    "select count(*) from pg_operator where oprkind = 'b'",
    "select count(*) from pg_index",
    "select count(*) from pg_am",
)

app = service(TABLES)


async def _may(connection: Any) -> bool:
    row = await (await connection.execute("select role from rep_agent where id = %s", (1,))).fetchone()
    return row == ("examiner",)


@app.get("/dossiers")
async def dossiers() -> list[Any]:
    async with app.state.pool.connection() as connection:
        return [await (await connection.execute(part)).fetchone() for part in PARTS if await _may(connection)]
