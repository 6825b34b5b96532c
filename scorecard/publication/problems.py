"""Refusals and failures as answers: a problem document (RFC 9457) below ``/api``, a page elsewhere."""

from __future__ import annotations

import json
import logging

import psycopg
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from scorecard.evidence import Text
from scorecard.publication.errors import Refusal, not_found
from scorecard.publication.rendering import language, page

_log = logging.getLogger("scorecard.publication")

_TITLES = {
    400: Text(en="This cannot be done", fr="Cela ne peut être fait"),
    401: Text(en="Not signed in", fr="Pas de session"),
    403: Text(en="Not allowed", fr="Non permis"),
    404: Text(en="Not found", fr="Introuvable"),
    413: Text(en="Too large", fr="Trop volumineux"),
    422: Text(en="This run is not taken", fr="Cette évaluation n’est pas acceptée"),
    503: Text(en="Away for a moment", fr="Indisponible un moment"),
}
_OTHER = Text(en="Something went wrong on our side", fr="Une erreur s’est produite de notre côté")
_RETRY_S = 5


def install(app: FastAPI) -> None:
    """Have ``app`` answer errors this way."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(psycopg.OperationalError, _away)
    app.add_exception_handler(Exception, _failure)


def answer(request: Request, status: int, text: Text) -> Response:
    """The refusal in the form and the language that the caller reads."""
    lang = language(request)
    title = _TITLES.get(status, _OTHER)
    headers = {"Retry-After": str(_RETRY_S)} if status == 503 else {}
    if request.url.path.startswith("/api"):
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        body = {"type": "about:blank", "title": title.in_(lang), "status": status, "detail": text.in_(lang)}
        content = json.dumps(body, ensure_ascii=False)
        return Response(content, status, headers, media_type="application/problem+json")
    if status == 401:
        return RedirectResponse("/sign-in", status_code=303)
    return page(request, "refused.html", status, headers, title=title, text=text)


def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return answer(request, error.status, error.text)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return answer(request, 422, Text(en=f"{where}: {first['msg']}", fr=f"{where} : {first['msg']}"))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = not_found().text if error.status_code == 404 else Text(en=str(error.detail), fr=str(error.detail))
    return answer(request, error.status_code, text)


def _away(request: Request, error: Exception) -> Response:
    _log.error("database: %s", type(error).__name__)
    text = Text(en="The database does not answer. Try again.", fr="La base de données ne répond pas. Réessayez.")
    return answer(request, 503, text)


def _failure(request: Request, error: Exception) -> Response:
    _log.error("failure", exc_info=error)
    return answer(request, 500, Text(en="The error was recorded.", fr="L’erreur a été enregistrée."))
