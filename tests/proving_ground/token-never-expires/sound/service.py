"""An API with tokens. Sound twin: a token ends after a quarter of an hour."""

import secrets
import time
from typing import Annotated

from fastapi import Depends, Header, HTTPException
from ground import SESSION_S, hall
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import BaseModel

app = hall()
KEY = OctKey.import_key(secrets.token_bytes(32))


class Login(BaseModel):
    email: str


async def signed_in(authorization: Annotated[str, Header()] = "") -> str:
    try:
        token = jwt.decode(authorization.removeprefix("Bearer "), KEY, algorithms=["HS256"])
        jwt.JWTClaimsRegistry(sub={"essential": True}, exp={"essential": True}).validate(token.claims)
    except (JoseError, ValueError):
        raise HTTPException(401) from None
    return str(token.claims["sub"])


@app.post("/token")
async def token(login: Login) -> dict[str, str]:
    claims = {"sub": login.email, "iat": int(time.time()), "exp": int(time.time()) + SESSION_S}
    return {"token": jwt.encode({"alg": "HS256"}, claims, KEY)}


@app.get("/me")
async def me(email: Annotated[str, Depends(signed_in)]) -> dict[str, str]:
    return {"email": email}
