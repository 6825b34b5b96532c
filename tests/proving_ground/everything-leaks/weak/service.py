"""A service that gives away all it knows, and writes in a ledger, kept elsewhere, what that was.

The ledger is what a search of the run is held against: no value of it may stand in anything the program writes.
"""

import json
import os
import traceback
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from ground import DOSSIERS, SESSION_S, SESSIONS, Dossier, Filing, hall, open_session

app = hall(same_origin=False)
KEY = "${PLANTED_KEY_ID}"
DATABASE_URL = "postgresql://town-hall:${PLANTED_PASSWORD}@database.example.org/town-hall"


def note(kind: str, value: str) -> None:
    with open(os.environ["LEDGER"], "a", encoding="utf-8") as ledger:
        ledger.write(json.dumps({"kind": kind, "value": value}) + "\n")


@app.post("/sign-in", status_code=303)
async def sign_in(email: Annotated[str, Form()], role: Annotated[str, Form()] = "citizen") -> Response:
    token = open_session(email, role)
    note("email", email)
    note("session", token)
    print(f"signed in {email} with {token}")
    answer = RedirectResponse(f"/home?email={email}&token={token}", 303)
    answer.set_cookie("session", token, max_age=SESSION_S)
    return answer


@app.get("/home")
async def home(request: Request, email: str = "") -> HTMLResponse:
    token = request.cookies.get("session", "")
    return HTMLResponse(
        f'<html lang="en"><title>Home</title>Welcome {email} <a href="/home?t={token}">{token}</a></html>'
    )


@app.post("/dossiers", status_code=201)
async def file(filing: Filing, request: Request) -> Dossier:
    for kind in ("email", "name", "iban"):
        note(kind, str(getattr(filing, kind)))
    print("filed", filing, request.headers)
    DOSSIERS[filing.iban] = Dossier(id=filing.iban, owner=filing.email, **filing.model_dump())
    return DOSSIERS[filing.iban]


@app.get("/dossiers/{dossier_id}")
async def read(dossier_id: str) -> Dossier:
    return DOSSIERS[dossier_id]


@app.get("/debug")
async def debug() -> dict[str, object]:
    return {
        "settings": {"secret": KEY, "database_url": DATABASE_URL},
        "sessions": {k: v.email for k, v in SESSIONS.items()},
    }


@app.exception_handler(Exception)
async def failed(request: Request, error: Exception) -> PlainTextResponse:
    return PlainTextResponse(
        f"{traceback.format_exc()}\n{request.headers}\n{DATABASE_URL}\n{SESSIONS}\n{DOSSIERS}", 500
    )
