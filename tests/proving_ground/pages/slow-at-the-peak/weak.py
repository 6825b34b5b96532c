"""The page waits for a count of who came in the last second, name by name: nobody notices while few come."""

import asyncio
import time
from collections import deque

from desk import FORM, desk
from fastapi import Request
from fastapi.responses import Response
from starlette.middleware.base import RequestResponseEndpoint

app = desk(FORM)
came: deque[float] = deque()


@app.middleware("http")
async def count_who_came(request: Request, call_next: RequestResponseEndpoint) -> Response:
    now = time.monotonic()
    came.append(now)
    while came[0] < now - 1:
        came.popleft()
    await asyncio.sleep(0.12 * len(came))
    return await call_next(request)
