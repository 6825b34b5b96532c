"""A form that comes at a bad moment is given back whole, to be sent again.

The session has ended, a part is away, it was one too many at once, or the service failed.

It is kept nowhere: it stands in the page that answers. Its token is that of the person who typed, so that nobody else
who signs in meanwhile sends it; forms with files are not given back, since a page cannot hold a file.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from reference_app import sessions
from reference_app.errors import Failed, NotSignedIn, Refusal, TooManyRequests, Unavailable
from reference_app.pages import fields_of, page, sentence
from reference_app.protection import is_typed

OWN = frozenset({"token", "key", "version", "procedure"})
"""Fields that our forms hold and nobody types."""
MAX_FIELDS = 200
"""More than any form of ours has: a lot names a hundred dossiers, each in a field of the same name."""


async def given_back(request: Request, error: Refusal, *, readable: bool) -> Response | None:
    """The page that holds what was typed; None when nothing was, it cannot be held, or sending again would not help.

    What no route has read is read now, if it is still ``readable``.
    """
    if not isinstance(error, NotSignedIn | Unavailable | TooManyRequests | Failed) or request.method != "POST":
        return None
    if isinstance(error, TooManyRequests) and sessions.current(request) is None:
        return None  # who floods without a name is not read
    typed = await _typed(request, readable=readable)
    words = [value for name, value in typed if name not in OWN and value.strip()]
    if "token" not in dict(typed) or not words:
        return None
    who = "agent" if request.url.path.startswith("/agent/") else "business"
    ended = isinstance(error, NotSignedIn)
    response = page(
        request,
        "send_again.html",
        error.status,
        heading="" if ended else sentence(request, error.title),
        detail="" if ended else sentence(request, error.detail),
        action=request.url.path,
        sign_in=f"/sign-in/{who}",
        typed=typed,
        words=words,
    )
    if isinstance(error, Unavailable | TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


async def _typed(request: Request, *, readable: bool) -> list[tuple[str, str]]:
    read: list[tuple[str, str]] | None = getattr(request.state, "typed", None)
    if read is not None:
        return read
    if not readable or not is_typed(request.headers):
        return []
    try:
        return await fields_of(request, MAX_FIELDS)
    except HTTPException:  # too large, or no form: what to say of that is said to those who are signed in
        return []
