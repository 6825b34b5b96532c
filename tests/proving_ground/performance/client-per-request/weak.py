"""The client is made, its certificates are read, its connection is opened, and all is thrown away."""

from typing import Any

import httpx
from bench import service

app = service()


@app.get("/dossiers")
async def dossiers(n: int = 1) -> Any:
    async with httpx.AsyncClient(base_url=app.state.url, trust_env=False) as registry:
        return (await registry.get(f"/registry/{n}?pause=0.005")).json()
