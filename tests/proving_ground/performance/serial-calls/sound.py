"""Three registries are asked at once."""

import asyncio
from typing import Any

from bench import service

app = service()


@app.get("/dossiers")
async def dossiers() -> list[Any]:
    answers = await asyncio.gather(*(app.state.registry.get(f"/registry/{firm}") for firm in (1, 2, 3)))
    return [answer.json() for answer in answers]
