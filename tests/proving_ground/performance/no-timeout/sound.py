"""The registry has a quarter of a second; after that the answer goes out without it."""

from typing import Any

import httpx
from bench import service

app = service()


@app.get("/dossiers")
async def dossiers(n: int = 1) -> Any:
    pause = 2.3 if n % 12 == 11 else 0.005
    try:
        return (await app.state.registry.get(f"/registry/{n}?pause={pause}", timeout=0.25)).json()
    except httpx.TimeoutException:
        return {"firm": n, "registry": "to be asked later"}
