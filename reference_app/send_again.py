"""A form that comes when the session has ended, or a part is away, is given back whole, to be sent again.

It is kept nowhere: it stands in the page that answers. Its token is that of the person who typed, so that nobody else
who signs in meanwhile sends it; forms with files are not given back, since a page cannot hold a file.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from reference_app.errors import NotSignedIn, Refusal, Unavailable
from reference_app.pages import page, sentence
from reference_app.protection import is_typed

OWN = frozenset({"token", "key", "version", "procedure"})
"""Fields that our forms hold and nobody types."""
MAX_FIELDS = 200
"""More than any form of ours has: a lot names a hundred dossiers, each in a field of the same name."""


async def given_back(request: Request, error: Refusal) -> Response | None:
    """The page that holds what was typed; None when nothing was, it cannot be held, or sending again would not help."""
    if not isinstance(error, NotSignedIn | Unavailable) or request.method != "POST":
        return None
    if not is_typed(request.headers):
        return None
    try:
        async with request.form(max_files=0, max_fields=MAX_FIELDS) as form:
            typed = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    except HTTPException:  # too large, or no form: what to say of that is said to those who are signed in
        return None
    words = [value for name, value in typed if name not in OWN and value.strip()]
    if "token" not in dict(typed) or not words:
        return None
    who = "agent" if request.url.path.startswith("/agent/") else "business"
    away = isinstance(error, Unavailable)
    response = page(
        request,
        "send_again.html",
        error.status,
        heading=sentence(request, error.title) if away else "",
        detail=sentence(request, error.detail) if away else "",
        action=request.url.path,
        sign_in=f"/sign-in/{who}",
        typed=typed,
        words=words,
    )
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response
