"""Choice of the language. Planted: afterwards one is led to whatever address the link names."""

from fastapi.responses import RedirectResponse
from ground import hall

app = hall()


@app.get("/language", status_code=303)
async def choose(lang: str, next: str = "/") -> RedirectResponse:
    answer = RedirectResponse(next, 303)
    answer.set_cookie("lang", "fr" if lang == "fr" else "en", httponly=True, samesite="lax")
    return answer
