"""Visitors of the page each wait for themselves."""

import asyncio

from desk import FORM, desk
from fastapi import Request
from fastapi.responses import Response
from starlette.middleware.base import RequestResponseEndpoint

app = desk(FORM)


@app.middleware("http")
async def side_by_side(request: Request, call_next: RequestResponseEndpoint) -> Response:
    await asyncio.sleep(0.15)
    return await call_next(request)
