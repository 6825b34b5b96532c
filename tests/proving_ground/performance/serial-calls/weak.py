"""Three registries are asked one after another."""

from typing import Any

from bench import service

app = service()


@app.get("/dossiers")
async def dossiers() -> list[Any]:
    return [(await app.state.registry.get(f"/registry/{firm}")).json() for firm in (1, 2, 3)]
