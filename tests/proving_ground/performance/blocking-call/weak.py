"""An old client that blocks is called from an async route."""

import time

from bench import service

app = service()


@app.get("/dossiers")
async def dossiers() -> str:
    time.sleep(0.03)
    return "signed"
