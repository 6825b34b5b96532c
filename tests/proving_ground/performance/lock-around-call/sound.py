"""Everybody may ask the registry."""

from typing import Any

from bench import service

app = service()


@app.get("/dossiers")
async def dossiers() -> Any:
    return (await app.state.registry.get("/registry/7")).json()
