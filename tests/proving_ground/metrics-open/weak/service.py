"""The service with its figures. Planted: the route of the figures is open to everybody."""

from fastapi import Request
from fastapi.responses import PlainTextResponse
from ground import DOSSIERS, SESSIONS, hall

app = hall()


@app.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> PlainTextResponse:
    return PlainTextResponse(
        f"# TYPE sessions gauge\nsessions {len(SESSIONS)}\n# TYPE dossiers gauge\ndossiers {len(DOSSIERS)}\n"
    )
