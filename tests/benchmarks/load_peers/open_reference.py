"""An open generator of another make, to hold ours against: asyncio, bare sockets, exponential gaps, no code in common.

``open_reference.py URL RATE SECONDS`` prints the seconds each request took from the moment it was due, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from urllib.parse import urlsplit


async def ask(host: str, port: int, due: float, took: list[float]) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET /reference HTTP/1.1\r\nHost: reference\r\n\r\n")
    await reader.readuntil(b"}")
    took.append(time.perf_counter() - due)
    writer.close()


async def main(url: str, rate: float, seconds: float) -> None:
    where = urlsplit(url)
    took: list[float] = []
    due = start = time.perf_counter()
    async with asyncio.TaskGroup() as asked:
        while (due := due + random.expovariate(rate)) < start + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            asked.create_task(ask(str(where.hostname), int(where.port or 80), due, took))
    print(json.dumps(took))  # noqa: T201 (what it is started for)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
