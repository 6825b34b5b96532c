"""What every page has in common: who is signed in, the language, the form token."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from reference_app import language, sessions
from reference_app.errors import N_, Forbidden
from reference_app.parts import parts_of, translated

LANGUAGE_KEPT_S = 365 * 24 * 3600
MAX_FIELDS = 80
LONGEST_ADDRESS = 500
NOT_OURS = N_("This form did not come from a page of this service. Open the page again and send it.")


def local_path(text: str) -> str:
    """``text`` when it is an address of this service, nothing otherwise: a link must not send people elsewhere.

    One that is too long is none either: it is kept in the session's cookie while somebody signs in.
    """
    fits = len(text) <= LONGEST_ADDRESS and re.fullmatch(r"/(?![/\\])[\w/.?=&%+:,~@-]*", text, re.ASCII)
    return text if fits else ""


def here(request: Request) -> str:
    """The address that was asked for, with what it asked; the path alone where that is too much to come back to."""
    path, query = quote(request.scope["path"]), request.url.query
    return next(filter(None, (local_path(f"{path}?{query}"), local_path(path))), "/")


def page(request: Request, template: str, status: int = 200, **context: object) -> HTMLResponse:
    """The page ``template`` for whoever reads it."""
    parts = parts_of(request)
    spoken = language.wanted(request)
    person = sessions.current(request)
    shared: dict[str, object] = {
        "person": person,
        "token": sessions.form_token(parts.settings, person) if person is not None else "",
        "here": request.url.path if request.method == "GET" else "/",
        "switch": _switch(request, "en" if spoken == "fr" else "fr"),
        "other_language": "en" if spoken == "fr" else "fr",
    }
    response = HTMLResponse(
        parts.renderer.render(template, spoken, shared | context), status, headers={"Content-Language": spoken}
    )
    if request.query_params.get("lang") == spoken:
        response.set_cookie(
            language.COOKIE,
            spoken,
            max_age=LANGUAGE_KEPT_S,
            httponly=True,
            samesite="lax",
            secure=parts.settings.https,
        )
    return response


def see_other(path: str) -> RedirectResponse:
    """After a form was taken: the browser reads ``path``, so that reloading sends nothing again."""
    return RedirectResponse(path, status_code=303)


async def fields_of(request: Request, most: int = MAX_FIELDS) -> list[tuple[str, str]]:
    """The text fields of a form, in its order. They stay with the request, for whoever must give them back."""
    async with request.form(max_files=0, max_fields=most) as form:
        fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    request.state.typed = fields
    return fields


async def typed_in(request: Request) -> dict[str, str]:
    """The text fields of a form, from wherever it came: check it with :func:`require_ours` before acting on it."""
    return dict(await fields_of(request))


def require_ours(request: Request, person: sessions.Person, typed: Mapping[str, str]) -> None:
    """Refuse a form that did not come from a page of ours. Raises Forbidden without the token of ``person``."""
    expected = sessions.form_token(parts_of(request).settings, person)
    if not hmac.compare_digest(typed.get("token", "").encode(), expected.encode()):
        raise Forbidden(NOT_OURS)


async def posted(request: Request, person: sessions.Person) -> dict[str, str]:
    """The text fields of a form that came from one of our pages. Raises Forbidden for any other."""
    typed = await typed_in(request)
    require_ours(request, person, typed)
    return typed


def sentence(request: Request, message: str, **values: object) -> str:
    """A sentence in the reader's language."""
    return translated(request, message, values)


def _switch(request: Request, other: str) -> str:
    if request.method != "GET":
        return f"/?lang={other}"
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{request.url.path}?{urlencode([*kept, ('lang', other)])}"
