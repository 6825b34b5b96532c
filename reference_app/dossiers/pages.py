"""The business's pages: plain forms that work without script, every error beside its field, nothing typed lost."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from reference_app import idempotency, sessions
from reference_app.database import AWAY, Connection
from reference_app.dossiers import corrections, filing, messages, repository, versions
from reference_app.dossiers.api import After, create_once, file_once
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.draft import answers_of, from_form
from reference_app.dossiers.schemas import DossierOut, receipt_of
from reference_app.dossiers.states import State, require_in
from reference_app.errors import N_, Changed, FieldError, Forbidden, Invalid, KeyReused, NotFound, Unavailable
from reference_app.notifications import telling
from reference_app.pages import NOT_OURS, page, posted, require_ours, see_other, sentence, typed_in
from reference_app.parts import Given, parts_of, speaker
from reference_app.pieces import shown as pieces
from reference_app.procedure import FILED, OFFERED, PROCEDURES, Procedure, filing_of
from reference_app.rights import keeping
from reference_app.sessions import Citizen, Person, current, require_role
from reference_app.sources.pages import asked, require_key

PAGE_SIZE = 20
Typed = Mapping[str, str]
Wanted = Annotated[str | None, Query(alias="procedure")]
NO_SUCH_PROCEDURE = N_("There is no such procedure.")

router = APIRouter(prefix="/dossiers", include_in_schema=False)


@router.get("")
async def list_mine(request: Request, parts: Given, person: Citizen, after: After = None) -> Response:
    """My dossiers."""
    async with parts.pool.connection() as connection:
        found = await repository.list_of_account(connection, person.account, after, PAGE_SIZE + 1)
    following = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else None
    return page(request, "dossiers.html", dossiers=found[:PAGE_SIZE], following=following)


@router.get("/new")
async def new(request: Request, person: Citizen, procedure: Wanted = None) -> Response:
    """An empty form; the choice of one where there are several and none is named."""
    if procedure is None and len(OFFERED) > 1:
        return page(request, "choose.html", offered=tuple(OFFERED.values()))
    return form_page(request, "/dossiers", _offered(procedure), {"key": str(uuid4())})


@router.post("")
async def create(request: Request, parts: Given) -> Response:
    """Keep a new draft."""

    async def keep(person: Person, procedure: Procedure, typed: Typed) -> UUID:
        answers = answers_of(from_form(procedure, typed))
        digest = idempotency.digest(f"POST /dossiers {procedure.id}", json.dumps(answers, sort_keys=True).encode())
        async with parts.pool.connection() as connection:
            done = await create_once(request, connection, person.account, procedure.id, answers, key_of(typed), digest)
        return DossierOut.model_validate_json(done.body).id

    return await _keep_form(request, "/dossiers", keep)


@router.get("/{dossier}")
async def read(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """One dossier: what it says, where it stands, its receipt."""
    async with parts.pool.connection() as connection:
        found = await filing.read(connection, person.account, dossier)
        return await shown(request, connection, found)


@router.get("/{dossier}/edit")
async def edit(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """The form of a draft, or of a filed dossier that no agent has taken."""
    async with parts.pool.connection() as connection:
        found = await filing.read(connection, person.account, dossier)
    require_in(found.state, State.BROUILLON, State.EN_CONSTRUCTION)
    sent = found.state is State.EN_CONSTRUCTION
    return form_page(
        request, f"/dossiers/{dossier}/edit", PROCEDURES[found.procedure], as_typed(found), dossier=found, sent=sent
    )


@router.post("/{dossier}/edit")
async def save(request: Request, parts: Given, dossier: UUID) -> Response:
    """Keep that form."""

    async def keep(person: Person, procedure: Procedure, typed: Typed) -> UUID:
        answers, version = answers_of(from_form(procedure, typed)), versions.parsed(typed.get("version"), "")
        async with parts.pool.connection() as connection:
            saved = await filing.save(
                connection, person.account, dossier, procedure.id, answers, parts.clock(), version=version
            )
        return saved.id

    return await _keep_form(request, f"/dossiers/{dossier}/edit", keep)


@router.get("/{dossier}/delete")
async def ask_delete(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """A last question before deleting a draft."""
    async with parts.pool.connection() as connection:
        found = await filing.read(connection, person.account, dossier)
    require_in(found.state, State.BROUILLON)
    return page(request, "delete.html", dossier=found)


@router.post("/{dossier}/delete")
async def delete(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """Delete a draft."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await filing.delete(connection, person.account, dossier)
    return see_other("/dossiers")


@router.post("/{dossier}/file")
async def file(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """File a draft; what is missing is shown in its form, or with its pieces."""
    typed = await posted(request, person)
    digest = idempotency.digest(f"POST /dossiers/{dossier}/file", b"")
    async with parts.pool.connection() as connection:
        try:
            await file_once(request, connection, person.account, dossier, key_of(typed), digest)
        except Invalid as error:
            draft = await filing.read(connection, person.account, dossier)
            if pieces.only(draft, error.fields):
                return await pieces.pieces_page(request, connection, draft, f"/dossiers/{dossier}", error.fields, 422)
            form = PROCEDURES[draft.procedure]
            return form_page(request, f"/dossiers/{dossier}/edit", form, as_typed(draft), 422, errors=error.fields)
    return see_other(f"/dossiers/{dossier}")


async def shown(
    request: Request,
    connection: Connection,
    found: Dossier,
    status: int = 200,
    typed: str = "",
    errors: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """The page of a dossier; ``typed`` is a message that could not be sent, ``errors`` says why."""
    filed = found.state is not State.BROUILLON
    return page(
        request,
        "dossier.html",
        status,
        procedure=PROCEDURES[found.procedure],
        dossier=found,
        receipt=receipt_of(found, speaker(request)),
        history=await repository.history(connection, found.id) if filed else [],
        pending=await corrections.pending(connection, found),
        messages=await messages.of_dossier(connection, found.id) if found.messages else [],
        told=await telling.of_dossier(connection, found.id),
        pieces=await pieces.by_name(connection, found),
        key=str(uuid4()),
        typed=typed,
        errors=errors,
        opinion=parts_of(request).settings.opinion_url,
        kept_until=keeping.until(found),
    )


async def _keep_form(
    request: Request, action: str, keep: Callable[[Person, Procedure, Typed], Awaitable[UUID]]
) -> Response:
    """Keep what was typed and show the dossier; if that fails, show the form again with everything typed in it."""
    typed = await typed_in(request)
    procedure = _offered(typed.get("procedure"))
    person = current(request)
    if person is None:
        # The token they sent goes back with the form: it is theirs, and valid once the same person has signed in.
        return form_page(request, action, procedure, typed, 401, trouble="session", token=typed.get("token", ""))
    require_role(person, "citizen")
    require_ours(request, person, typed)
    try:
        require_key(procedure, typed)
        kept = await keep(person, procedure, typed)
        if "find" in typed:
            return await asked(request, person, kept, typed["find"])
        return see_other(f"/dossiers/{kept}")
    except Invalid as error:
        return form_page(request, action, procedure, typed, 422, errors=error.fields)
    except KeyReused as error:
        again = {**typed, "key": str(uuid4())}
        return form_page(request, action, procedure, again, error.status, trouble="again")
    except Changed as error:
        replaced = {**typed, "version": error.version}
        return form_page(request, action, procedure, replaced, error.status, trouble="changed", saved=action)
    except AWAY:
        response = form_page(request, action, procedure, typed, Unavailable.status, trouble="busy")
        response.headers["Retry-After"] = str(Unavailable.retry_after_s)
        return response


def _offered(name: str | None) -> Procedure:
    """The procedure called ``name``, the first without a name. Raises NotFound for one that is not filed."""
    if name is None:
        return next(iter(OFFERED.values()))
    if name not in FILED:
        raise NotFound(NO_SUCH_PROCEDURE)
    return FILED[name]


def form_page(
    request: Request,
    action: str,
    procedure: Procedure,
    values: Typed,
    status: int = 200,
    errors: Mapping[str, FieldError] = MappingProxyType({}),
    dossier: Dossier | None = None,
    **context: str | bool,
) -> Response:
    """The form of a procedure with everything that was typed in it; of ``dossier``, what sources said of it too."""
    fields = filing_of(procedure).fields
    elsewhere = {asked.name for asked in filing_of(procedure).pieces}  # theirs is said on their own page
    said = {n: sentence(request, e.message, **e.values) for n, e in errors.items() if n not in elsewhere}
    shown = {name: values.get(name, "") for name in (*(field.name for field in fields), "key", "version")}
    told: dict[str, object] = {"trouble": "", "sent": False, "back": "/dossiers", "counter": False} | context
    person, desk = current(request), parts_of(request).desk
    draft = person is not None and not told["sent"]
    sources = [one for one in filing_of(procedure).sources if draft and one.name in desk.lines]
    return page(
        request,
        "draft.html",
        status,
        action=action,
        procedure=procedure,
        fields=fields,
        values=shown,
        errors=said,
        dossier=dossier,
        # What is known of a person takes their own signing in, so not at the counter.
        findable=[one for one in sources if one.key is not None or not told["counter"]],
        # What a person has to choose is not chosen by a script.
        script=draft and not told["counter"] and told["trouble"] != "changed",
        owner=sessions.owner(parts_of(request).settings, person) if person is not None else "",
        **told,
    )


def as_typed(dossier: Dossier) -> Typed:
    """The answers of a dossier as the fields of its form."""
    return {name: str(value) for name, value in dossier.answers.items()} | {"version": dossier.version}


def key_of(typed: Typed) -> str:
    """The idempotency key of a form. Raises Forbidden for one that is none of ours."""
    try:
        return str(UUID(typed.get("key", "")))
    except ValueError:
        raise Forbidden(NOT_OURS) from None
