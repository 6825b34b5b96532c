"""Every request has its own receipt written."""

import asyncio
from typing import Any

from bench import service

app = service()


@app.get("/dossiers")
async def dossiers() -> Any:
    await asyncio.sleep(0.03)
    return "receipt"
