"""Filing of a dossier. Planted: what was typed is printed in the log."""

import logging

from ground import Citizen, Dossier, Filing, file_dossier, hall

app = hall()
logging.basicConfig(level=logging.WARNING)


@app.post("/dossiers", status_code=201)
async def file(filing: Filing, person: Citizen) -> Dossier:
    dossier = await file_dossier(filing, person)
    logging.warning("filed %s", filing)
    return dossier
