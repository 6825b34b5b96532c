"""An API that reads its tokens by hand. Sound twin: every token must be signed."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Annotated

from fastapi import Depends, Header, HTTPException
from ground import SESSION_S, hall
from pydantic import BaseModel

app = hall()
KEY = secrets.token_bytes(32)


class Login(BaseModel):
    email: str


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def decoded(part: str) -> dict[str, object]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def signature(signed: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(KEY, signed.encode(), hashlib.sha256)).rstrip(b"=").decode()


async def signed_in(authorization: Annotated[str, Header()] = "") -> str:
    try:
        head, claims, given = authorization.removeprefix("Bearer ").split(".")
        if not hmac.compare_digest(given, signature(f"{head}.{claims}")):
            raise HTTPException(401)
        if float(str(decoded(claims)["exp"])) < time.time():
            raise HTTPException(401)
        return str(decoded(claims)["sub"])
    except (ValueError, KeyError, TypeError):
        raise HTTPException(401) from None


@app.post("/token")
async def token(login: Login) -> dict[str, str]:
    claims = {"sub": login.email, "exp": int(time.time()) + SESSION_S}
    signed = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(claims)}"
    return {"token": f"{signed}.{signature(signed)}"}


@app.get("/me")
async def me(email: Annotated[str, Depends(signed_in)]) -> dict[str, str]:
    return {"email": email}
