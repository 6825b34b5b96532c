"""A dossier printed for the agents. Planted: the route forgets to ask who calls."""

from fastapi import HTTPException
from ground import DOSSIERS, Dossier, hall

app = hall()


@app.get("/print/{dossier_id}")
async def read(dossier_id: str) -> Dossier:
    dossier = DOSSIERS.get(dossier_id)
    if dossier is None:
        raise HTTPException(404)
    return dossier
