"""A dossier read by its number. Sound twin: by its owner only."""

from fastapi import HTTPException
from ground import DOSSIERS, Dossier, SignedIn, hall

app = hall()


@app.get("/dossiers/{dossier_id}")
async def read(dossier_id: str, person: SignedIn) -> Dossier:
    dossier = DOSSIERS.get(dossier_id)
    if dossier is None or dossier.owner != person.email:
        raise HTTPException(404)
    return dossier
