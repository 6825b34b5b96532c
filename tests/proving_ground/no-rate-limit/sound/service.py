"""Sign-in with a password. Sound twin: after five wrong ones an account waits a minute."""

import hmac
import time
from collections import defaultdict
from typing import Annotated

from fastapi import Form, HTTPException
from fastapi.responses import RedirectResponse, Response
from ground import hall, open_session, with_session

app = hall(per_minute=100)
TRIES, WINDOW_S = 5, 60.0
failed: dict[str, list[float]] = defaultdict(list)


@app.post("/sign-in", status_code=303)
async def sign_in(email: Annotated[str, Form()], password: Annotated[str, Form()]) -> Response:
    now = time.monotonic()
    failed[email] = [moment for moment in failed[email] if moment > now - WINDOW_S]
    if len(failed[email]) >= TRIES:
        raise HTTPException(429, headers={"Retry-After": str(int(WINDOW_S))})
    if not hmac.compare_digest(password, email):
        failed[email].append(now)
        raise HTTPException(401)
    return with_session(RedirectResponse("/home", 303), open_session(email, "citizen"))
