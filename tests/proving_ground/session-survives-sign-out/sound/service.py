"""Sign-out. Sound twin: the session ends."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from ground import SESSIONS, hall

app = hall()


@app.post("/sign-out", status_code=303)
async def sign_out(request: Request) -> Response:
    SESSIONS.pop(request.cookies.get("session", ""), None)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie("session", httponly=True, samesite="lax")
    return answer
