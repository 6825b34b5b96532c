"""Deletion of a dossier. Sound twin: it is gone."""

from ground import DOSSIERS, Dossier, SignedIn, hall, read_dossier

app = hall()


@app.delete("/dossiers/{dossier_id}", status_code=204)
async def delete(dossier_id: str, person: SignedIn) -> None:
    await read_dossier(dossier_id, person)
    del DOSSIERS[dossier_id]


@app.get("/dossiers")
async def mine(person: SignedIn) -> list[Dossier]:
    return [one for one in DOSSIERS.values() if one.owner == person.email]
