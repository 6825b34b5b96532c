"""Sign-in with a password. Planted: passwords may be tried without end."""

import hmac
from typing import Annotated

from fastapi import Form, HTTPException
from fastapi.responses import RedirectResponse, Response
from ground import hall, open_session, with_session

app = hall(per_minute=100)


@app.post("/sign-in", status_code=303)
async def sign_in(email: Annotated[str, Form()], password: Annotated[str, Form()]) -> Response:
    if not hmac.compare_digest(password, email):
        raise HTTPException(401)
    return with_session(RedirectResponse("/home", 303), open_session(email, "citizen"))
