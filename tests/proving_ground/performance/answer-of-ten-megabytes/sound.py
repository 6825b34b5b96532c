"""The list of dossiers comes in pages."""

from typing import Any

from bench import service
from fastapi.responses import JSONResponse

app = service()
DOSSIERS = [{"id": n, "need": "x" * 180} for n in range(50_000)]


@app.get("/dossiers")
async def dossiers(after: int = 0) -> Any:
    return JSONResponse(DOSSIERS[after : after + 20])
