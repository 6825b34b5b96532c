"""A letter written from what one types. Sound twin: what was typed is a value of the template."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import PlainTextResponse
from ground import SignedIn, hall
from jinja2 import Environment, select_autoescape

app = hall()
templates = Environment(autoescape=select_autoescape())


@app.post("/letters")
async def write(person: SignedIn, opening: Annotated[str, Form(max_length=200)]) -> PlainTextResponse:
    letter = templates.from_string("{{ opening }} {{ email }},").render(opening=opening, email=person.email)
    return PlainTextResponse(letter)
