"""The list of dossiers asks for the name of each firm by itself."""

from bench import service

TABLES = """
create table if not exists npo_firm (id int primary key, name text);
create table if not exists npo_dossier (id int primary key, firm int);
insert into npo_firm select n, 'firm ' || n from generate_series(1, 20) n on conflict do nothing;
insert into npo_dossier select n, n from generate_series(1, 20) n on conflict do nothing
"""

app = service(TABLES)


@app.get("/dossiers")
async def dossiers() -> list[str]:
    async with app.state.pool.connection() as connection:
        found = await (await connection.execute("select id, firm from npo_dossier order by id")).fetchall()
        names = []
        for _, firm in found:
            row = await (await connection.execute("select name from npo_firm where id = %s", (firm,))).fetchone()
            names.append(row[0])
        return names
