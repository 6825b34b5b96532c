"""Every letter that was ever made is kept, by the number of its request."""

import asyncio

from bench import service

app = service()
LETTERS: dict[int, bytearray] = {}


@app.get("/dossiers")
async def dossiers(n: int = 1) -> int:
    await asyncio.sleep(0.08)
    if n not in LETTERS:
        LETTERS[n] = bytearray(b"x" * 2_000_000)
    return len(LETTERS[n])
