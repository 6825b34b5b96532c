"""Labels for envelopes. Sound twin: no other program is needed."""

import textwrap
from typing import Annotated

from fastapi import Form
from fastapi.responses import PlainTextResponse
from ground import SignedIn, hall

app = hall()


@app.post("/labels")
def label(person: SignedIn, address: Annotated[str, Form(max_length=200)]) -> PlainTextResponse:
    return PlainTextResponse("\n".join(textwrap.wrap(address, 32)))
