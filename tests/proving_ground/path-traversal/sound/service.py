"""Forms to print. Sound twin: only what is in the folder of forms."""

from pathlib import Path

from fastapi import HTTPException
from fastapi.responses import PlainTextResponse
from ground import hall

app = hall()
FORMS = Path(__file__).parent.resolve() / "forms"


@app.get("/forms")
async def form(name: str) -> PlainTextResponse:
    path = (FORMS / name).resolve()
    if not path.is_relative_to(FORMS) or not path.is_file():
        raise HTTPException(404)
    return PlainTextResponse(path.read_text())
