"""Pages of the service, in the language of the browser; they work without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from babel import negotiate_locale
from babel.dates import format_date, format_datetime
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from scorecard.evidence import Text
from scorecard.publication.access import FORM, parts, signed_in
from scorecard.reports.words import Lang


def language(request: Request) -> Lang:
    """French or English: as asked for by ``?lang=``, else the first of the two that the browser prefers."""
    wanted = request.query_params.get("lang")
    if wanted in ("fr", "en"):
        return "fr" if wanted == "fr" else "en"
    accepted = [part.partition(";")[0].strip().replace("-", "_") for part in _accepted(request)]
    return "fr" if negotiate_locale(accepted, ["fr", "en"]) == "fr" else "en"


def page(
    request: Request, template: str, status: int = 200, headers: Mapping[str, str] | None = None, **content: Any
) -> HTMLResponse:
    """A page of this service."""
    lang = language(request)
    given = parts(request)
    html = (
        _environment()
        .get_template(template)
        .render(
            lang=lang,
            t=lambda en, fr: fr if lang == "fr" else en,
            say=lambda text: text.in_(lang) if isinstance(text, Text) else text,
            day=lambda value: format_date(value, "d MMMM yyyy", locale=lang),
            moment=lambda value: format_datetime(value, "d MMM yyyy HH:mm", locale=lang),
            organisation=given.settings.organisation,
            here=request.url.path,
            inside=signed_in(request) is not None,
            form=request.session.get(FORM, ""),
            **content,
        )
    )
    return HTMLResponse(html, status, dict(headers or {}))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("scorecard.publication"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def _accepted(request: Request) -> list[str]:
    return request.headers.get("Accept-Language", "").split(",")
