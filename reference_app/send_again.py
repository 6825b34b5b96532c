"""A form that comes when the session has ended is given back with everything in it, to be sent again once signed in.

It is kept nowhere: it stands in the page that answers. Its token is that of the person who typed, so that nobody else
who signs in meanwhile sends it; forms with files are not given back, since a page cannot hold a file.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from reference_app.pages import page, typed_in

OWN = frozenset({"token", "key", "version", "procedure"})
"""Fields that our forms hold and nobody types."""


async def given_back(request: Request) -> Response | None:
    """The page that holds what was typed; None when nothing was, or it cannot be held."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return None
    try:
        typed = await typed_in(request)
    except HTTPException:  # too large, or no form: what to say of that is said to those who are signed in
        return None
    words = [value for name, value in typed.items() if name not in OWN and value.strip()]
    if "token" not in typed or not words:
        return None
    who = "agent" if request.url.path.startswith("/agent/") else "business"
    return page(
        request,
        "send_again.html",
        401,
        action=request.url.path,
        sign_in=f"/sign-in/{who}",
        typed=typed,
        words=words,
    )
