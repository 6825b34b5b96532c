"""Labels for envelopes. Planted: the text of a label goes through a shell."""

import subprocess
from typing import Annotated

from fastapi import Form
from fastapi.responses import PlainTextResponse
from ground import SignedIn, hall

app = hall()


@app.post("/labels")
def label(person: SignedIn, address: Annotated[str, Form(max_length=200)]) -> PlainTextResponse:
    done = subprocess.run(f"echo {address} | fold -s -w 32", shell=True, capture_output=True, text=True, timeout=10)
    return PlainTextResponse(done.stdout)
