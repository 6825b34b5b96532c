"""The old system is asked with a client that is traced."""

from typing import Any

from bench import service

app = service()


@app.get("/dossiers")
async def dossiers() -> Any:
    return (await app.state.registry.get("/livez?pause=0.12")).json()
