"""The business's pages: plain forms that work without script, every error beside its field, nothing typed lost."""

from __future__ import annotations

from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app import idempotency
from reference_app.dossiers import filing, repository
from reference_app.dossiers.api import After, file_once
from reference_app.dossiers.draft import Draft, from_form
from reference_app.dossiers.schemas import DossierOut, receipt_of
from reference_app.dossiers.states import State, require
from reference_app.errors import N_, FieldError, Forbidden, Invalid
from reference_app.idempotency import Answer
from reference_app.pages import page, posted, see_other, sentence
from reference_app.parts import Given
from reference_app.sessions import Citizen

PAGE_SIZE = 20

router = APIRouter(prefix="/dossiers", include_in_schema=False)


@router.get("")
async def list_mine(request: Request, parts: Given, person: Citizen, after: After = None) -> Response:
    """My dossiers."""
    async with parts.pool.connection() as connection:
        found = await repository.list_of_account(connection, person.account, after, PAGE_SIZE + 1)
    following = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None
    return page(request, "dossiers.html", dossiers=found[:PAGE_SIZE], following=following)


@router.get("/new")
async def new(request: Request, person: Citizen) -> Response:
    """An empty form."""
    return _form(request, "/dossiers", {"key": str(uuid4())}, {})


@router.post("")
async def create(request: Request, parts: Given, person: Citizen) -> Response:
    """Keep a new draft."""
    typed = await posted(request, person)
    try:
        draft = from_form(typed)
    except Invalid as error:
        return _form(request, "/dossiers", typed, error.fields)
    async with parts.pool.connection() as connection:

        async def effect() -> Answer:
            dossier = await repository.create(connection, person.account, draft)
            return Answer(201, DossierOut.of(dossier).model_dump_json())

        digest = idempotency.digest("POST /dossiers", draft.model_dump_json().encode())
        answer = await idempotency.once(connection, person.account, _key(typed), digest, effect)
    return see_other(f"/dossiers/{DossierOut.model_validate_json(answer.body).id}")


@router.get("/{dossier}")
async def read(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """One dossier: what it says, where it stands, its receipt."""
    async with parts.pool.connection() as connection:
        found = await filing.read(connection, person.account, dossier)
        history = await repository.history(connection, dossier) if found.state is not State.BROUILLON else []
    return page(
        request, "dossier.html", dossier=found, receipt=receipt_of(found), history=history, key=str(uuid4()), errors={}
    )


@router.get("/{dossier}/edit")
async def edit(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """The form of a draft."""
    async with parts.pool.connection() as connection:
        found = await filing.read(connection, person.account, dossier)
    require(found.state, State.EN_CONSTRUCTION)
    values = {name: "" if value is None else str(value) for name, value in found.draft().model_dump().items()}
    return _form(request, f"/dossiers/{dossier}/edit", values, {})


@router.post("/{dossier}/edit")
async def save(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """Keep the form of a draft."""
    typed = await posted(request, person)
    try:
        draft = from_form(typed)
    except Invalid as error:
        return _form(request, f"/dossiers/{dossier}/edit", typed, error.fields)
    async with parts.pool.connection() as connection:
        await filing.save(connection, person.account, dossier, draft)
    return see_other(f"/dossiers/{dossier}")


@router.post("/{dossier}/file")
async def file(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """File a draft; what is missing is shown in its form."""
    typed = await posted(request, person)
    async with parts.pool.connection() as connection:
        try:
            digest = idempotency.digest(f"POST /dossiers/{dossier}/file", b"")
            await file_once(connection, parts, person.account, dossier, _key(typed), digest)
        except Invalid as error:
            draft = (await filing.read(connection, person.account, dossier)).draft()
            values = {name: "" if value is None else str(value) for name, value in draft.model_dump().items()}
            return _form(request, f"/dossiers/{dossier}/edit", values, error.fields)
    return see_other(f"/dossiers/{dossier}")


def _form(request: Request, action: str, values: dict[str, str], errors: dict[str, FieldError] | object) -> Response:
    assert isinstance(errors, dict)
    said = {name: sentence(request, e.message, **e.values) for name, e in errors.items()}
    shown = {name: values.get(name, "") for name in (*Draft.model_fields, "key")}
    return page(request, "draft.html", 422 if said else 200, action=action, values=shown, errors=said)


def _key(typed: dict[str, str]) -> str:
    try:
        return str(UUID(typed.get("key", "")))
    except ValueError:
        raise Forbidden(
            N_("This form did not come from a page of this service. Open the page again and send it.")
        ) from None
