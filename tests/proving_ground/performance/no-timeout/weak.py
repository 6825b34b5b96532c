"""The registry is waited for, however long it takes; one in twelve takes long."""

from typing import Any

from bench import service

app = service()


@app.get("/dossiers")
async def dossiers(n: int = 1) -> Any:
    pause = 2.3 if n % 12 == 11 else 0.005
    return (await app.state.registry.get(f"/registry/{n}?pause={pause}", timeout=None)).json()
