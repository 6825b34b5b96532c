"""The page of a person. Sound twin: no cache keeps it."""

import html

from fastapi.responses import HTMLResponse
from ground import SignedIn, hall, page

app = hall()


@app.get("/home")
async def home(person: SignedIn) -> HTMLResponse:
    answer = page("My dossiers", f"<p>Welcome, {html.escape(person.email)}.</p>")
    answer.headers["Cache-Control"] = "no-store"
    return answer
