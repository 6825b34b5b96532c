"""What the forms of the counter have in common: checked field by field, they make one thing however often they come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from reference_app import idempotency
from reference_app.database import Connection
from reference_app.dossiers.draft import field_errors
from reference_app.dossiers.pages import Typed, key_of
from reference_app.errors import SENT_BEFORE, FieldError, Invalid, KeyReused
from reference_app.pages import sentence
from reference_app.sessions import Person

Form = TypeVar("Form", bound=BaseModel)


def checked(form: type[Form], typed: Typed) -> Form:
    """What was typed as ``form``. Raises Invalid."""
    try:
        return form.model_validate({name: typed[name] for name in form.model_fields if typed.get(name, "").strip()})
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error


def said(request: Request, errors: Mapping[str, FieldError]) -> dict[str, str]:
    """What is wrong with each field, in the reader's language."""
    return {name: sentence(request, error.message, **error.values) for name, error in errors.items()}


async def once(
    request: Request,
    connection: Connection,
    person: Person,
    typed: Typed,
    wanted: BaseModel,
    make: Callable[[], Awaitable[UUID]],
) -> UUID | None:
    """What ``make`` made for this form. Raises Invalid, beside its first field, where other words came before."""
    digest = idempotency.digest(f"POST {request.url.path}", wanted.model_dump_json().encode())
    try:
        return await idempotency.made_once(connection, person.account, key_of(typed), digest, make)
    except KeyReused as error:
        raise Invalid({next(iter(type(wanted).model_fields)): FieldError(SENT_BEFORE)}) from error
