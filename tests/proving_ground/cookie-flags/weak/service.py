"""Sign-in. Planted: the session cookie is set without HttpOnly and without SameSite."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import RedirectResponse, Response
from ground import SESSION_S, hall, open_session

app = hall()


@app.post("/sign-in", status_code=303)
async def sign_in(email: Annotated[str, Form()], role: Annotated[str, Form()] = "citizen") -> Response:
    answer = RedirectResponse("/home", 303)
    answer.set_cookie("session", open_session(email, "citizen"), max_age=SESSION_S, httponly=False, samesite=None)
    return answer
