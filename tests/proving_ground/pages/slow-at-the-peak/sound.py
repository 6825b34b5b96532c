"""The count of who came is made once, beside the page."""

import asyncio

from desk import FORM, desk
from fastapi import Request
from fastapi.responses import Response
from starlette.middleware.base import RequestResponseEndpoint

app = desk(FORM)


@app.middleware("http")
async def as_long_for_everybody(request: Request, call_next: RequestResponseEndpoint) -> Response:
    await asyncio.sleep(0.12)
    return await call_next(request)
