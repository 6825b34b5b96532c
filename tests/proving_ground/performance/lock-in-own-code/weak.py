"""One request at a time may have its receipt written."""

import asyncio
from typing import Any

from bench import service

app = service()
TURN = asyncio.Lock()


@app.get("/dossiers")
async def dossiers() -> Any:
    async with TURN:
        await asyncio.sleep(0.03)
    return "receipt"
