"""The list of dossiers holds all of them, each whole."""

from typing import Any

from bench import service
from fastapi.responses import JSONResponse

app = service()
DOSSIERS = [{"id": n, "need": "x" * 180} for n in range(50_000)]


@app.get("/dossiers")
async def dossiers() -> Any:
    return JSONResponse(DOSSIERS)
