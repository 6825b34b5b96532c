"""The letters made last are kept, and no more than four."""

import asyncio
from functools import lru_cache

from bench import service

app = service()


@lru_cache(maxsize=4)
def letter(n: int) -> bytearray:
    return bytearray(b"x" * 2_000_000)


@app.get("/dossiers")
async def dossiers(n: int = 1) -> int:
    await asyncio.sleep(0.08)
    return len(letter(n))
