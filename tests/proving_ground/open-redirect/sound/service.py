"""Choice of the language. Sound twin: afterwards one stays on the service."""

from fastapi.responses import RedirectResponse
from ground import hall

app = hall()


@app.get("/language", status_code=303)
async def choose(lang: str, next: str = "/") -> RedirectResponse:
    own = next.startswith("/") and not next.startswith(("//", "/\\"))
    answer = RedirectResponse(next if own else "/", 303)
    answer.set_cookie("lang", "fr" if lang == "fr" else "en", httponly=True, samesite="lax")
    return answer
