"""Search of the firms that were helped. Planted: what is typed becomes part of the query."""

import sqlite3

from ground import hall

app = hall()
database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("CREATE TABLE firm (name TEXT, town TEXT, amount INTEGER)")
database.executemany(
    "INSERT INTO firm VALUES (?, ?, ?)",
    [("Boulangerie Morel", "Tulle", 4000), ("Garage Petit", "Ussel", 2500), ("Fleurs Adam", "Tulle", 1200)],
)


@app.get("/firms")
async def firms(town: str) -> list[dict[str, object]]:
    rows = database.execute(f"SELECT name, amount FROM firm WHERE town = '{town}' ORDER BY name")
    return [{"name": name, "amount": amount} for name, amount in rows]
