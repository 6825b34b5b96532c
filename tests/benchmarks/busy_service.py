"""A service whose own code is the limit: every request works for some milliseconds, on the loop."""

from __future__ import annotations

import time

from bench import service

app = service()


@app.get("/dossiers")
async def dossiers() -> int:
    """Count for ten milliseconds of processor time."""
    turns, until = 0, time.thread_time() + 0.01
    while time.thread_time() < until:
        turns += 1
    return turns
