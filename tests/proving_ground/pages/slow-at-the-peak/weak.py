"""Visitors of the page wait for each other: nobody notices while they come one by one."""

import asyncio

from desk import FORM, desk
from fastapi import Request
from fastapi.responses import Response
from starlette.middleware.base import RequestResponseEndpoint

app = desk(FORM)
turn = asyncio.Lock()


@app.middleware("http")
async def one_by_one(request: Request, call_next: RequestResponseEndpoint) -> Response:
    async with turn:
        await asyncio.sleep(0.15)
        return await call_next(request)
