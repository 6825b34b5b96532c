"""The registry is asked once for all firms."""

from typing import Any

from bench import service

app = service()


@app.get("/dossiers")
async def dossiers() -> list[Any]:
    return [(await app.state.registry.get("/registry/0?pause=0.005")).json()]
