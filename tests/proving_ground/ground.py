"""The town hall that every weak service and its sound twin share: people sign in, file a dossier, read it back.

It is right in all that the scanners look at but limits of rate, so that what they find in a weak service is what its
own file planted; where the defect is about such limits, :func:`hall` sets them.

A service makes its application with :func:`hall` and adds routes; :data:`routes` come after them, so that a service
replaces a route of the town hall by writing one with the same path.
"""

from __future__ import annotations

import html
import secrets
import time
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.security import APIKeyCookie
from pydantic import BaseModel, ConfigDict
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The body cannot be read."},
    401: {"description": "Nobody is signed in."},
    403: {"description": "This person may not do this, or the request came from another site."},
    404: {"description": "There is no such thing, or none this person may know of."},
    413: {"description": "Too large."},
    422: {"description": "A field is missing or not valid."},
    429: {"description": "Too many requests."},
}
SESSION_S = 900
BODY_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class Person:
    """Somebody signed in; ``role`` is "citizen" or "agent"."""

    email: str
    role: str
    until: float


class Filing(BaseModel):
    """What a person types to file a dossier."""

    model_config = ConfigDict(extra="forbid")

    email: str
    name: str
    iban: str
    need: str


class Dossier(Filing):
    """A dossier as it is kept and shown."""

    id: str
    owner: str


SESSIONS: dict[str, Person] = {}
DOSSIERS: dict[str, Dossier] = {}
routes = APIRouter()
_asked: dict[str, list[float]] = {}


def hall(
    *, same_origin: bool = True, unlimited: tuple[str, ...] = (), per_minute: int | None = None, **options: Any
) -> FastAPI:
    """An application with the protections of the town hall and none of its routes yet.

    Args:
        same_origin: refuse what other sites send.
        unlimited: paths that take bodies of any size.
        per_minute: requests that one session may make in a minute.
        options: of FastAPI.
    """
    app = FastAPI(title="Town hall", docs_url=None, redoc_url=None, responses=REFUSALS, **options)

    async def protect(request: Request, call_next: RequestResponseEndpoint) -> Response:
        if same_origin and request.method not in ("GET", "HEAD", "OPTIONS") and _foreign(request):
            return JSONResponse({"title": "This request came from another site"}, 403, HEADERS)
        size = int(request.headers.get("content-length", "0"))
        if size > BODY_LIMIT and request.url.path not in unlimited:
            return JSONResponse({"title": "Too large"}, 413, HEADERS)
        if per_minute is not None and _too_many(request, per_minute):
            return JSONResponse({"title": "Too many requests"}, 429, {**HEADERS, "Retry-After": "60"})
        try:
            answer = await call_next(request)
        except Exception:
            answer = JSONResponse({"title": "The service has a fault"}, 500)
        answer.headers.update({name: value for name, value in HEADERS.items() if name not in answer.headers})
        return answer

    app.add_middleware(BaseHTTPMiddleware, dispatch=protect)
    app.add_exception_handler(RequestValidationError, _not_valid)
    return app


def page(title: str, body: str) -> HTMLResponse:
    """A page; ``body`` is HTML, what people typed in it must have gone through ``html.escape``."""
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title></head>"
        f"<body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>"
    )


def open_session(email: str, role: str) -> str:
    """Sign somebody in and give the token of the session."""
    token = secrets.token_urlsafe(32)
    SESSIONS[token] = Person(email, role, time.time() + SESSION_S)
    return token


def with_session(answer: Response, token: str) -> Response:
    """``answer`` with the session cookie, as it should be set."""
    answer.set_cookie("session", token, max_age=SESSION_S, httponly=True, samesite="lax")
    return answer


def _foreign(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")


def _too_many(request: Request, per_minute: int) -> bool:
    token = request.cookies.get("session", "")
    if token not in SESSIONS:
        return False
    now = time.monotonic()
    recent = [moment for moment in _asked.get(token, []) if moment > now - 60]
    _asked[token] = [*recent, now]
    return len(recent) >= per_minute


async def _not_valid(_: Request, __: Exception) -> Response:
    return JSONResponse({"title": "A field is missing or not valid"}, 422)


async def _signed_in(token: Annotated[str | None, Depends(APIKeyCookie(name="session", auto_error=False))]) -> Person:
    person = SESSIONS.get(token or "")
    if person is None or person.until < time.time():
        raise HTTPException(401)
    return person


async def _agent(person: Annotated[Person, Depends(_signed_in)]) -> Person:
    if person.role != "agent":
        raise HTTPException(403)
    return person


async def _citizen(person: Annotated[Person, Depends(_signed_in)]) -> Person:
    if person.role != "citizen":
        raise HTTPException(403)
    return person


SignedIn = Annotated[Person, Depends(_signed_in)]
Agent = Annotated[Person, Depends(_agent)]
Citizen = Annotated[Person, Depends(_citizen)]


@routes.get("/")
async def welcome() -> HTMLResponse:
    return page("Town hall", '<p><a href="/sign-in">Sign in</a> to file a dossier.</p>')


@routes.get("/sign-in")
async def sign_in_page() -> HTMLResponse:
    return page("Sign in", '<form method="post"><input name="email"><input name="role"><button>Go</button></form>')


@routes.post("/sign-in", status_code=303)
async def sign_in(email: Annotated[str, Form()], role: Annotated[str, Form()] = "citizen") -> Response:
    if role not in ("citizen", "agent"):
        raise HTTPException(422)
    return with_session(RedirectResponse("/home", 303), open_session(email, role))


@routes.post("/sign-out", status_code=303)
async def sign_out(request: Request) -> Response:
    SESSIONS.pop(request.cookies.get("session", ""), None)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie("session", httponly=True, samesite="lax")
    return answer


@routes.get("/home")
async def home(person: SignedIn) -> HTMLResponse:
    return page("My dossiers", f"<p>Welcome, {html.escape(person.email)}.</p>")


@routes.post("/dossiers", status_code=201)
async def file_dossier(filing: Filing, person: Citizen) -> Dossier:
    dossier = Dossier(id=secrets.token_hex(8), owner=person.email, **filing.model_dump())
    DOSSIERS[dossier.id] = dossier
    return dossier


@routes.get("/dossiers")
async def my_dossiers(person: SignedIn) -> list[Dossier]:
    return [dossier for dossier in DOSSIERS.values() if dossier.owner == person.email]


@routes.get("/dossiers/{dossier_id}")
async def read_dossier(dossier_id: str, person: SignedIn) -> Dossier:
    dossier = DOSSIERS.get(dossier_id)
    if dossier is None or dossier.owner != person.email:
        raise HTTPException(404)
    return dossier


@routes.delete("/dossiers/{dossier_id}", status_code=204)
async def delete_dossier(dossier_id: str, person: SignedIn) -> None:
    await read_dossier(dossier_id, person)
    del DOSSIERS[dossier_id]


@routes.get("/agent/dossiers")
async def all_dossiers(agent: Agent) -> list[Dossier]:
    return list(DOSSIERS.values())
