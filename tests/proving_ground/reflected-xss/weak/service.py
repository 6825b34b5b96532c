"""Search in the help pages. Planted: the page of results repeats what was searched for as it was typed."""

import html

from fastapi.responses import HTMLResponse
from ground import hall, page

app = hall()
HELP = {"opening": "Open from 9 to 17.", "iban": "An IBAN begins with two letters."}


@app.get("/help")
async def search(q: str = "opening") -> HTMLResponse:
    found = [text for word, text in HELP.items() if word in q.lower()]
    answer = " ".join(html.escape(text) for text in found) or "Nothing was found."
    return page("Help", f"<p>You searched for {q}.</p><p>{answer}</p>")
