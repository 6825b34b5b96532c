"""An old system is asked with a client that nobody traces."""

import asyncio
import urllib.request
from typing import Any

from bench import service

app = service()


def _ask() -> str:
    with urllib.request.urlopen(app.state.url + "/livez?pause=0.12") as answer:
        return answer.read().decode()


@app.get("/dossiers")
async def dossiers() -> Any:
    return await asyncio.to_thread(_ask)
