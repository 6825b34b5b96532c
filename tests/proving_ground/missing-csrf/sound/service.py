"""A change of address. Sound twin: only the pages of the service may send the form."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import RedirectResponse, Response
from ground import SignedIn, hall

app = hall()
addresses: dict[str, str] = {}


@app.post("/address", status_code=303)
async def move(person: SignedIn, address: Annotated[str, Form(max_length=200)]) -> Response:
    addresses[person.email] = address
    return RedirectResponse("/home", 303)
