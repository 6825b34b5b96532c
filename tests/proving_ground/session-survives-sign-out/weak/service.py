"""Sign-out. Planted: the cookie is taken back, and the session goes on."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from ground import hall

app = hall()


@app.post("/sign-out", status_code=303)
async def sign_out(request: Request) -> Response:
    answer = RedirectResponse("/", 303)
    answer.delete_cookie("session", httponly=True, samesite="lax")
    return answer
