"""Sign-in for visitors who came with a session. Sound twin: sign-in makes a new session."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from ground import SESSIONS, hall, open_session, page, with_session

app = hall()


@app.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    form = '<form method="post"><input name="email"><input name="role"><button>Go</button></form>'
    token = request.cookies.get("session") or open_session("", "visitor")
    return with_session(page("Sign in", form), token)


@app.post("/sign-in", status_code=303)
async def sign_in(
    request: Request, email: Annotated[str, Form()], role: Annotated[str, Form()] = "citizen"
) -> Response:
    SESSIONS.pop(request.cookies.get("session", ""), None)
    return with_session(RedirectResponse("/home", 303), open_session(email, "citizen"))
