"""Sign-in that greets. Planted: the address of the next page holds the e-mail address of the person."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import RedirectResponse, Response
from ground import hall, open_session, with_session

app = hall()


@app.post("/sign-in", status_code=303)
async def sign_in(email: Annotated[str, Form()], role: Annotated[str, Form()] = "citizen") -> Response:
    return with_session(RedirectResponse(f"/home?greet={email}", 303), open_session(email, "citizen"))
