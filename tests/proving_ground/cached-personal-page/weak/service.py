"""The page of a person. Planted: a cache between may keep it and show it to the next one."""

import html

from fastapi.responses import HTMLResponse
from ground import SignedIn, hall, page

app = hall()


@app.get("/home")
async def home(person: SignedIn) -> HTMLResponse:
    answer = page("My dossiers", f"<p>Welcome, {html.escape(person.email)}.</p>")
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer
