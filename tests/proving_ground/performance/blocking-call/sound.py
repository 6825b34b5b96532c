"""The same client in a route that runs in a thread of its own."""

import time

from bench import service

app = service()


@app.get("/dossiers")
def dossiers() -> str:
    time.sleep(0.03)
    return "signed"
