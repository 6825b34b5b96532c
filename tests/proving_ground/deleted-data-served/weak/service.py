"""Deletion of a dossier. Planted: it is left out of the list, and still read by its number."""

from ground import DOSSIERS, Dossier, SignedIn, hall, read_dossier

app = hall()
deleted: set[str] = set()


@app.delete("/dossiers/{dossier_id}", status_code=204)
async def delete(dossier_id: str, person: SignedIn) -> None:
    await read_dossier(dossier_id, person)
    deleted.add(dossier_id)


@app.get("/dossiers")
async def mine(person: SignedIn) -> list[Dossier]:
    return [one for one in DOSSIERS.values() if one.owner == person.email and one.id not in deleted]
