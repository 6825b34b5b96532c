"""The API of pieces: one file at a time, its bytes as they are; for their author, and to read for agents."""

from __future__ import annotations

from email.message import Message
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path
from starlette.requests import Request
from starlette.responses import Response

from reference_app.dossiers import filing
from reference_app.errors import NotFound
from reference_app.instruction import decisions
from reference_app.parts import Given
from reference_app.pieces import download, holding, repository
from reference_app.pieces.holding import NO_SUCH_PIECE
from reference_app.pieces.kinds import FORMS
from reference_app.pieces.limits import paced
from reference_app.pieces.piece import Piece
from reference_app.pieces.schemas import PieceOut
from reference_app.pieces.sending import Sent, send
from reference_app.problems import documented
from reference_app.sessions import Agent, Citizen

Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="What it is asked for.")]
Disposition = Annotated[
    str | None,
    Header(
        alias="Content-Disposition",
        description="`attachment; filename*=UTF-8''…` (RFC 6266) names the file; it is shown to whoever reads it.",
    ),
]
_FILE = {form.media_type: {"schema": {"type": "string", "format": "binary"}} for form in FORMS.values()}
_BODY = {"requestBody": {"required": True, "content": _FILE}}
_CONTENT: dict[int | str, dict[str, Any]] = {200: {"description": "The file, to keep.", "content": _FILE}}

mine = APIRouter(prefix="/api/v1/dossiers/{dossier}/pieces", tags=["pieces"], responses=documented(401, 403, 404))
agents = APIRouter(
    prefix="/api/v1/agent/dossiers/{dossier}/pieces", tags=["pieces"], responses=documented(401, 403, 404)
)


@mine.get("", response_model=list[PieceOut], summary="List the pieces of a dossier")
async def list_mine(parts: Given, person: Citizen, dossier: UUID) -> list[PieceOut]:
    """The files sent with one of my dossiers, oldest first."""
    async with parts.pool.connection() as connection:
        await filing.read(connection, person.account, dossier)
        return [PieceOut.of(piece) for piece in await repository.of_dossier(connection, dossier)]


@mine.post(
    "/{name}",
    status_code=201,
    response_model=PieceOut,
    responses=documented(408, 409, 413),
    openapi_extra=_BODY,
    summary="Send a piece",
)
async def send_mine(
    request: Request, parts: Given, person: Citizen, dossier: UUID, name: Name, disposition: Disposition = None
) -> PieceOut:
    """Send a file as it is; its kind is told from its content. The same file sent again is the same piece.

    Where only one file is asked for, it takes the place of the one before.
    """
    sent = Sent(_filename(disposition), declared(request), paced(request.stream()))
    return PieceOut.of(await send(parts, person.account, dossier, name, sent))


@mine.get("/{name}/{piece}", response_class=Response, responses=_CONTENT | documented(409), summary="Fetch a piece")
async def fetch_mine(parts: Given, person: Citizen, dossier: UUID, name: Name, piece: UUID) -> Response:
    """One of my files; one in which a virus was found is no more."""
    async with parts.pool.connection() as connection:
        found = _found(await repository.of_account(connection, person.account, dossier, name, piece))
    return await download.sent(parts.store, found)


@mine.delete("/{name}/{piece}", status_code=204, responses=documented(409), summary="Take a piece away")
async def remove_mine(parts: Given, person: Citizen, dossier: UUID, name: Name, piece: UUID) -> None:
    """Delete one of my files for good, while the dossier is a draft or no agent has it."""
    async with parts.pool.connection() as connection:
        await holding.remove(connection, person.account, dossier, name, piece, parts.clock())


@agents.get("", response_model=list[PieceOut], summary="List the pieces of a filed dossier")
async def list_filed(parts: Given, person: Agent, dossier: UUID) -> list[PieceOut]:
    """The files sent with a filed dossier, oldest first."""
    async with parts.pool.connection() as connection:
        await decisions.read(connection, person.account, dossier)
        return [PieceOut.of(piece) for piece in await repository.of_dossier(connection, dossier)]


@agents.get(
    "/{name}/{piece}",
    response_class=Response,
    responses=_CONTENT | documented(409),
    summary="Fetch a piece of a filed dossier",
)
async def fetch_filed(parts: Given, person: Agent, dossier: UUID, name: Name, piece: UUID) -> Response:
    """One file of a filed dossier, once it is known to be harmless."""
    async with parts.pool.connection() as connection:
        await decisions.read(connection, person.account, dossier)
        found = _found(await repository.one(connection, dossier, name, piece))
    download.require_judged(parts.settings, found)
    return await download.sent(parts.store, found)


def declared(request: Request) -> int | None:
    """The length of the body that was declared, None when nothing was."""
    written = request.headers.get("content-length", "")
    return int(written) if written.isdecimal() else None


def _filename(disposition: str | None) -> str:
    """The name of the file in a header Content-Disposition, empty without one that can be read."""
    if disposition is None:
        return ""
    message = Message()
    message["Content-Disposition"] = disposition
    try:
        name = message.get_filename("")
    except (ValueError, LookupError):  # of a charset of Python's own that is none
        return ""
    return name if isinstance(name, str) else ""


def _found(piece: Piece | None) -> Piece:
    if piece is None:
        raise NotFound(NO_SUCH_PIECE)
    return piece
