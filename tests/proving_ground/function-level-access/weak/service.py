"""The list for agents of all dossiers. Planted: anybody who is signed in gets it."""

from ground import DOSSIERS, Dossier, SignedIn, hall

app = hall()


@app.get("/agent/dossiers")
async def all_dossiers(person: SignedIn) -> list[Dossier]:
    return list(DOSSIERS.values())
