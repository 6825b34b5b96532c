"""Every refusal and failure as an answer: a problem document (RFC 9457) below ``/api``, a page elsewhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from reference_app.database import AWAY
from reference_app.dossiers.draft import field_errors
from reference_app.errors import (
    N_,
    Failed,
    FieldError,
    Invalid,
    NotFound,
    NotSignedIn,
    NotYourTurn,
    Refusal,
    TooManyRequests,
    Unavailable,
)
from reference_app.pages import here, page, see_other
from reference_app.parts import translated
from reference_app.send_again import given_back

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "/problems/"

_log = logging.getLogger("reference_app")

BUSY = N_("It could not answer in time. Try again in a few seconds.")
_TITLES = {
    400: N_("This request cannot be understood"),
    404: N_("Not found"),
    405: N_("This cannot be done here"),
    413: N_("Too much was sent at once"),
    500: Failed.title,
}
_DETAILS = {
    400: N_("What your browser sent could not be read. Go back to the page before and try again."),
    404: N_("There is nothing at this address. It may have been mistyped, or what was there is gone."),
    405: N_("This address cannot be used in this way. Go back to the page before, or begin at the home page."),
    413: N_("Send less text."),
    500: Failed().detail,
}


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    pointer: str = Field(description="JSON pointer to the field.", examples=["#/siret"])
    detail: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(examples=["/problems/invalid"])
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    place: int | None = Field(default=None, description="In a waiting room: your place in line, from 1.")


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI descriptions of the refusals a route may answer with; 422, 429 and 503 may come from every route.

    A route that reads a body may find it too large (413), and then also no text at all (400).
    """
    words = {
        400: "The body is not text that can be read, or did not arrive whole.",
        401: "Nobody is signed in.",
        403: "This person may not do this, or the request came from another site.",
        404: "There is no such thing, or none this person may know of.",
        408: "The body arrives too slowly.",
        409: "The state of the dossier, appointment or slot does not allow this.",
        412: "It was changed since the version named in `If-Match`.",
        413: "The body is larger than the service takes.",
        422: "Fields or headers are wrong; `errors` names each.",
        429: "More than one person's or one address's share; send it again after `Retry-After` seconds.",
        503: "Full or away for a moment; send the same request again after `Retry-After` seconds.",
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": words[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in (*((400,) if 413 in statuses else ()), *statuses, 422, 429, 503)
    }


def install(app: FastAPI) -> None:
    """Have ``app`` answer errors this way."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    for away in AWAY:
        app.add_exception_handler(away, _unavailable)
    app.add_exception_handler(Exception, _failure)


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # nosec B101 (states an invariant to the reader and to the type checker)
    return await refusal(request, error)


async def refusal(request: Request, error: Refusal, *, readable: bool = True) -> Response:
    """The answer to a refusal, with the form given back where that helps; not ``readable`` once the routes are left."""
    if not _is_api(request):
        page_of_form = await given_back(request, error, readable=readable)
        if page_of_form is not None:
            return page_of_form
    return refused(request, error)


def refused(request: Request, error: Refusal) -> Response:
    """The answer to a refusal that reads nothing of what was sent."""
    if isinstance(error, NotSignedIn) and not _is_api(request):
        return see_other(f"/sign-in?next={quote(here(request) if request.method == 'GET' else '/')}")
    if isinstance(error, NotYourTurn):
        return _in_line(request, error)
    fields = error.fields if isinstance(error, Invalid) else {}
    headers: dict[str, str] = {}
    if isinstance(error, Unavailable | TooManyRequests):
        headers = {"Retry-After": str(error.retry_after_s)}
    values = {k: translated(request, v) if isinstance(v, str) else v for k, v in error.values.items()}
    return answer(request, error.status, error.slug, error.title, error.detail, values, fields, headers)


def _in_line(request: Request, error: NotYourTurn) -> Response:
    """For a page the one on which one waits; a program is told its place, and gets its ticket with it."""
    if not _is_api(request):
        return see_other(f"/salle-attente/{error.procedure}")
    headers = {"Retry-After": str(error.retry_after_s)} | ({"Set-Cookie": error.cookie} if error.cookie else {})
    place = {} if error.place is None else {"place": error.place}
    return answer(request, error.status, error.slug, error.title, error.detail, headers=headers, more=place)


def busy(scope: Scope) -> Response:
    """The answer of what stands outside of the session and the routes: it asks nothing of any other part."""
    scope.setdefault("session", {})
    return refused(Request(scope), Unavailable(BUSY))


async def late(scope: Scope) -> Response:
    """The answer when the time of a request is over."""
    scope.setdefault("session", {})
    return await refusal(Request(scope), Unavailable(BUSY), readable=False)


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # nosec B101 (an invariant)
    problems = error.errors()
    if any(problem["loc"][:1] == ("path",) for problem in problems):
        return await refusal(request, NotFound(_DETAILS[404]))
    if any(problem["type"] == "json_invalid" for problem in problems):
        return answer(request, 400, "malformed", _TITLES[400], _DETAILS[400])
    return await refusal(request, Invalid(field_errors(problems)))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # nosec B101 (states an invariant to the reader and to the type checker)
    status = error.status_code if error.status_code in _TITLES else (400 if error.status_code < 500 else 500)
    headers = dict(error.headers) if error.headers is not None else {}
    slug = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 500: "failure"}.get(status, "malformed")
    return answer(request, status, slug, _TITLES[status], _DETAILS[status], headers=headers)


async def _unavailable(request: Request, error: Exception) -> Response:
    _log.warning("%s %s: %s", request.method, request.url.path, type(error).__name__)
    return await refusal(request, Unavailable(BUSY))


async def _failure(request: Request, error: Exception) -> Response:
    # The type only: a message may hold what a person typed. The server's own log has the stack.
    _log.error("%s %s failed: %s", request.method, request.url.path, type(error).__name__)
    return await refusal(request, Failed(), readable=False)


def answer(
    request: Request,
    status: int,
    slug: str,
    title: str,
    detail: str,
    values: Mapping[str, object] | None = None,
    fields: Mapping[str, FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] = MappingProxyType({}),
) -> Response:
    """One problem, as a document or as a page, in the reader's language."""
    head = translated(request, title)
    body = translated(request, detail, values)
    said = {
        name: translated(request, e.message, e.values) for name, e in (fields if fields is not None else {}).items()
    }
    if not _is_api(request):
        response: Response = page(request, "error.html", status, heading=head, detail=body, errors=said)
        response.headers.update(headers if headers is not None else {})
        return response
    document: dict[str, object] = {"type": TYPE_PREFIX + slug, "title": head, "status": status, "detail": body, **more}
    if said:
        document["errors"] = [{"pointer": f"#/{name}" if name else "#", "detail": text} for name, text in said.items()]
    return Response(
        json.dumps(document, ensure_ascii=False).encode(),
        status,
        headers=dict(headers) if headers is not None else None,
        media_type=MEDIA_TYPE,
    )


def _is_api(request: Request) -> bool:
    return request.url.path.startswith("/api/")
