"""The page on which a person chooses where news goes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reference_app import language
from reference_app.dossiers.draft import field_errors
from reference_app.errors import N_, FieldError, NotFound
from reference_app.notifications import correspondence
from reference_app.notifications.correspondence import Chosen
from reference_app.pages import page, posted, see_other, sentence
from reference_app.parts import Given, Parts
from reference_app.sessions import Citizen

NO_MAIL = N_("This service sends no mail.")

router = APIRouter(prefix="/correspondence", include_in_schema=False)


@router.get("")
async def read(request: Request, parts: Given, person: Citizen, saved: bool = False) -> Response:
    """What is chosen."""
    _require_mail(parts)
    async with parts.pool.connection() as connection:
        known = await correspondence.read(connection, person.account)
    email = known.email if known is not None and known.email is not None else ""
    spoken = known.language if known is not None else language.wanted(request)
    return _form(request, {"email": email, "language": spoken}, saved=saved)


@router.post("")
async def choose(request: Request, parts: Given, person: Citizen) -> Response:
    """Choose."""
    _require_mail(parts)
    typed = await posted(request, person)
    values = {name: typed.get(name, "") for name in Chosen.model_fields}
    try:
        chosen = Chosen.model_validate(values)
    except ValidationError as error:
        return _form(request, values, errors=field_errors(error.errors()))
    async with parts.pool.connection() as connection:
        await correspondence.choose(connection, person.account, chosen, parts.clock())
    return see_other("/correspondence?saved=true")


def _require_mail(parts: Parts) -> None:
    if parts.mailer is None:
        raise NotFound(NO_MAIL)


def _form(
    request: Request,
    values: Mapping[str, str],
    *,
    errors: Mapping[str, FieldError] = MappingProxyType({}),
    saved: bool = False,
) -> Response:
    said = {name: sentence(request, e.message, **e.values) for name, e in errors.items()}
    return page(request, "correspondence.html", 422 if errors else 200, values=values, errors=said, saved=saved)
