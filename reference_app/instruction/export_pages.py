"""Exports, on the pages and in the API: asked for, followed while they are written, fetched by their author alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from fastapi import APIRouter, Query
from obstore.store import ObjectStore
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from reference_app import language, storage
from reference_app.dossiers.draft import field_errors
from reference_app.dossiers.pages import key_of
from reference_app.errors import Invalid, Unavailable
from reference_app.idempotency import Key
from reference_app.instruction import exports
from reference_app.instruction.exports import Export, Format, Wanted
from reference_app.instruction.reach import groups_of
from reference_app.pages import page, posted, see_other
from reference_app.parts import Given, Parts
from reference_app.problems import documented
from reference_app.sessions import Agent

_TYPES = {Format.CSV: "text/csv; charset=utf-8", Format.JSONL: "application/jsonl"}

api = APIRouter(prefix="/api/v1/agent/exports", tags=["agents"], responses=documented(401, 403))
router = APIRouter(prefix="/agent/exports", include_in_schema=False)


class ExportOut(BaseModel):
    """An export, and how far it is."""

    id: UUID
    format: Format
    asked_at: datetime
    written: int = Field(description="Dossiers written so far.")
    done_at: datetime | None = Field(description="When its file was there; it goes a day later.")
    bytes: int | None

    @classmethod
    def of(cls, export: Export) -> Self:
        """From a row."""
        return cls(**{name: getattr(export, name) for name in cls.model_fields})


@api.post("", status_code=202, response_model=ExportOut, responses=documented(409, 413), summary="Ask for an export")
async def ask(request: Request, parts: Given, person: Agent, wanted: Wanted, key: Key) -> ExportOut:
    """Have the dossiers of my groups written to a file; ask for the export until it is done."""
    _store(parts)
    identifier = uuid5(NAMESPACE_URL, f"{person.account}/{key}")
    spoken, at = language.wanted(request), parts.clock()
    async with parts.pool.connection() as connection:
        return ExportOut.of(await exports.ask(connection, person.account, identifier, wanted, spoken, at))


@api.get("/{export}", response_model=ExportOut, responses=documented(404), summary="Follow an export")
async def follow(parts: Given, person: Agent, export: UUID) -> ExportOut:
    """How far an export of mine is."""
    async with parts.pool.connection() as connection:
        return ExportOut.of(await exports.read(connection, person.account, export))


_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {kind: {} for kind in _TYPES.values()}}
}


@api.get("/{export}/file", response_class=Response, responses=_FILE | documented(404), summary="Fetch an export")
async def fetch(parts: Given, person: Agent, export: UUID) -> Response:
    """The file of an export of mine, for a day."""
    store = _store(parts)
    async with parts.pool.connection() as connection:
        found = await exports.fetch(connection, person.account, export, parts.clock())
    name = f"export-{found.asked_at:%Y-%m-%d}-{str(found.id)[-6:]}.{found.format}"
    return StreamingResponse(
        await storage.read(store, exports.key_of(export)),
        media_type=_TYPES[Format(found.format)],
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(found.bytes)},
    )


@router.get("")
async def overview(
    request: Request,
    parts: Given,
    person: Agent,
    state: Annotated[str, Query(max_length=40)] = "",
    group: Annotated[str, Query(max_length=120)] = "",
) -> Response:
    """My exports, and the form of another."""
    at = parts.clock()
    async with parts.pool.connection() as connection:
        found = await exports.of_agent(connection, person.account)
        mine = await groups_of(connection, person.account)
    return page(
        request,
        "exports.html",
        exports=found,
        there={export.id for export in found if export.there(at)},
        groups=mine,
        state=state,
        group=group,
        formats=list(Format),
        key=str(uuid4()),
    )


@router.post("")
async def order(request: Request, parts: Given, person: Agent) -> Response:
    """Ask for one."""
    typed = await posted(request, person)
    _store(parts)
    try:
        wanted = Wanted.model_validate({name: typed[name] for name in Wanted.model_fields if name in typed})
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error
    spoken, at = language.wanted(request), parts.clock()
    async with parts.pool.connection() as connection:
        await exports.ask(connection, person.account, UUID(key_of(typed)), wanted, spoken, at)
    return see_other("/agent/exports")


router.get("/{export}/file")(fetch)


def _store(parts: Parts) -> ObjectStore:
    """Where files are kept. Raises Unavailable where none is set up."""
    if parts.store is None:
        raise Unavailable(storage.AWAY)
    return parts.store
