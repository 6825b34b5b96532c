"""Questions put to the town hall, shown to everybody. Sound twin: what was typed is escaped."""

import html
from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse, RedirectResponse
from ground import SignedIn, hall, page

app = hall()
questions: list[str] = []


@app.post("/questions", status_code=303)
async def ask(person: SignedIn, question: Annotated[str, Form(max_length=500)]) -> RedirectResponse:
    questions.append(question)
    return RedirectResponse("/questions", 303)


@app.get("/questions")
async def show(person: SignedIn) -> HTMLResponse:
    items = "".join(f"<li>{html.escape(question)}</li>" for question in questions[-50:])
    return page("Questions", f"<p>{html.escape(person.email)}</p><ul>{items}</ul>")
