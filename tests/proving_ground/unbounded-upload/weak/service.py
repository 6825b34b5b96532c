"""Supporting documents, sent as text. Planted: a document of any size is taken in."""

from typing import Annotated

from fastapi import Form
from ground import SignedIn, hall

app = hall(unlimited=("/documents",))
sizes: dict[str, int] = {}


@app.post("/documents", status_code=201)
async def attach(
    person: SignedIn, title: Annotated[str, Form(max_length=80)], content: Annotated[str, Form()]
) -> dict[str, int]:
    sizes[title] = len(content)
    return {"characters": len(content)}
