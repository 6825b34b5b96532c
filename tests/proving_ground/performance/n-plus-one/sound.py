"""The list of dossiers and the names of their firms in one statement."""

from bench import service

TABLES = """
create table if not exists npos_firm (id int primary key, name text);
create table if not exists npos_dossier (id int primary key, firm int);
insert into npos_firm select n, 'firm ' || n from generate_series(1, 20) n on conflict do nothing;
insert into npos_dossier select n, n from generate_series(1, 20) n on conflict do nothing
"""

app = service(TABLES)


@app.get("/dossiers")
async def dossiers() -> list[str]:
    async with app.state.pool.connection() as connection:
        found = await connection.execute(
            "select name from npos_dossier d join npos_firm f on f.id = d.firm order by d.id"
        )
        return [row[0] for row in await found.fetchall()]
