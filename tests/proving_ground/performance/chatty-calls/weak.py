"""The registry is asked once a firm."""

from typing import Any

from bench import service

app = service()


@app.get("/dossiers")
async def dossiers() -> list[Any]:
    return [(await app.state.registry.get(f"/registry/{firm}?pause=0.005")).json() for firm in range(10)]
