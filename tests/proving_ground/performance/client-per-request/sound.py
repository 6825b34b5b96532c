"""One client, made when the service starts."""

from typing import Any

from bench import service

app = service()


@app.get("/dossiers")
async def dossiers(n: int = 1) -> Any:
    return (await app.state.registry.get(f"/registry/{n}?pause=0.005")).json()
