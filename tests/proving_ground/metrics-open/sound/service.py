"""The service with its figures. Sound twin: for the one who collects them."""

import secrets

from fastapi import HTTPException, Request
from fastapi.responses import PlainTextResponse
from ground import DOSSIERS, SESSIONS, hall

app = hall()
TOKEN = secrets.token_urlsafe(16)


@app.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> PlainTextResponse:
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        raise HTTPException(404)
    return PlainTextResponse(
        f"# TYPE sessions gauge\nsessions {len(SESSIONS)}\n# TYPE dossiers gauge\ndossiers {len(DOSSIERS)}\n"
    )
