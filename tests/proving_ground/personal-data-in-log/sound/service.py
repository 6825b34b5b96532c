"""Filing of a dossier. Sound twin: the log names the dossier by its number."""

import logging

from ground import Citizen, Dossier, Filing, file_dossier, hall

app = hall()
logging.basicConfig(level=logging.WARNING)


@app.post("/dossiers", status_code=201)
async def file(filing: Filing, person: Citizen) -> Dossier:
    dossier = await file_dossier(filing, person)
    logging.warning("filed %s", dossier.id)
    return dossier
