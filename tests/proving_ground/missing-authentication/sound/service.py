"""A dossier printed for the agents. Sound twin: for its owner."""

from fastapi import HTTPException
from ground import DOSSIERS, Dossier, SignedIn, hall

app = hall()


@app.get("/print/{dossier_id}")
async def read(dossier_id: str, person: SignedIn) -> Dossier:
    dossier = DOSSIERS.get(dossier_id)
    if dossier is None or dossier.owner != person.email:
        raise HTTPException(404)
    return dossier
