"""Benefits by number of the family. Planted: an error shows the stack of the program."""

import traceback

from fastapi import Request
from fastapi.responses import PlainTextResponse
from ground import hall

app = hall()


@app.get("/benefits/{number}")
async def benefit(number: str) -> dict[str, int]:
    return {"number": int(number), "amount": 40 * (int(number) % 7)}


@app.exception_handler(ValueError)
async def failed(request: Request, error: ValueError) -> PlainTextResponse:
    return PlainTextResponse("".join(traceback.format_exception(error)), 500)
