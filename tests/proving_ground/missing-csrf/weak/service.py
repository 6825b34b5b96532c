"""A change of address, with the cookie of an older framework. Planted: any site may send the form."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import RedirectResponse, Response
from ground import SESSION_S, SignedIn, hall, open_session

app = hall(same_origin=False)
addresses: dict[str, str] = {}


@app.post("/sign-in", status_code=303)
async def sign_in(email: Annotated[str, Form()], role: Annotated[str, Form()] = "citizen") -> Response:
    answer = RedirectResponse("/home", 303)
    answer.set_cookie("session", open_session(email, "citizen"), SESSION_S, httponly=True, samesite=None)
    return answer


@app.post("/address", status_code=303)
async def move(person: SignedIn, address: Annotated[str, Form(max_length=200)]) -> Response:
    addresses[person.email] = address
    return RedirectResponse("/home", 303)
