"""The pages of pieces: a form for each that works without script; a file that cannot be kept is said beside it."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app.dossiers import filing
from reference_app.errors import N_, Invalid, NotFound, TooManyRequests, Unavailable
from reference_app.instruction import decisions
from reference_app.mandates import mandate as mandates
from reference_app.mandates.mandate import Mandate
from reference_app.pages import posted, require_ours, see_other
from reference_app.parts import Given, Parts
from reference_app.pieces import download, holding, multipart, repository
from reference_app.pieces.api import Name, declared
from reference_app.pieces.holding import NO_SUCH_PIECE, asked_of, require_open
from reference_app.pieces.intake import refused, require_size
from reference_app.pieces.limits import OVERHEAD_BYTES, Cut, TooSlow, paced
from reference_app.pieces.piece import Piece
from reference_app.pieces.sending import Sent, send
from reference_app.pieces.shown import again_after, beside, pieces_page
from reference_app.sessions import Agent, Citizen, Person

mine = APIRouter(prefix="/dossiers/{dossier}/pieces", include_in_schema=False)
counter = APIRouter(prefix="/agent/mandats/{mandat}/dossiers/{dossier}/pieces", include_in_schema=False)
agents = APIRouter(prefix="/agent/dossiers/{dossier}/pieces", include_in_schema=False)


@mine.get("")
async def show(request: Request, parts: Given, person: Citizen, dossier: UUID, again: UUID | None = None) -> Response:
    """The pieces of one of my dossiers, and the forms that send them."""
    return await _show(request, parts, person.account, dossier, f"/dossiers/{dossier}", again)


@mine.post("/{name}")
async def add(request: Request, parts: Given, person: Citizen, dossier: UUID, name: Name) -> Response:
    """Send one."""
    return await _add(request, parts, person, person.account, dossier, name, f"/dossiers/{dossier}")


@mine.post("/{name}/{piece}/remove")
async def remove(request: Request, parts: Given, person: Citizen, dossier: UUID, name: Name, piece: UUID) -> Response:
    """Take one away."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await holding.remove(connection, person.account, dossier, name, piece, parts.clock())
    return see_other(f"/dossiers/{dossier}/pieces#{name}")


@mine.get("/{name}/{piece}")
async def fetch(parts: Given, person: Citizen, dossier: UUID, name: Name, piece: UUID) -> Response:
    """One of my files."""
    return await _fetch(parts, person.account, dossier, name, piece)


@counter.get("")
async def show_at_counter(
    request: Request, parts: Given, person: Agent, mandat: UUID, dossier: UUID, again: UUID | None = None
) -> Response:
    """The pieces of a dossier of the person who is present."""
    held = await _covered(parts, person, mandat, dossier)
    return await _show(request, parts, held.account_id, dossier, f"/agent/mandats/{mandat}/dossiers/{dossier}", again)


@counter.post("/{name}")
async def add_at_counter(
    request: Request, parts: Given, person: Agent, mandat: UUID, dossier: UUID, name: Name
) -> Response:
    """Send one for the person: scanned at the counter, say."""
    held = await _covered(parts, person, mandat, dossier)
    back = f"/agent/mandats/{mandat}/dossiers/{dossier}"
    return await _add(request, parts, person, held.account_id, dossier, name, back)


@counter.post("/{name}/{piece}/remove")
async def remove_at_counter(
    request: Request, parts: Given, person: Agent, mandat: UUID, dossier: UUID, name: Name, piece: UUID
) -> Response:
    """Take one away for the person."""
    await posted(request, person)
    held = await _covered(parts, person, mandat, dossier)
    async with parts.pool.connection() as connection:
        at = parts.clock()
        await holding.remove(connection, held.account_id, dossier, name, piece, at, by=person.account)
    return see_other(f"/agent/mandats/{mandat}/dossiers/{dossier}/pieces#{name}")


@counter.get("/{name}/{piece}")
async def fetch_at_counter(
    parts: Given, person: Agent, mandat: UUID, dossier: UUID, name: Name, piece: UUID
) -> Response:
    """One file of the person, once it is known to be harmless."""
    held = await _covered(parts, person, mandat, dossier)
    return await _fetch(parts, held.account_id, dossier, name, piece, judged=True)


@agents.get("/{name}/{piece}")
async def fetch_filed(parts: Given, person: Agent, dossier: UUID, name: Name, piece: UUID) -> Response:
    """One file of a filed dossier, once it is known to be harmless."""
    async with parts.pool.connection() as connection:
        await decisions.read(connection, person.account, dossier)
        found = await repository.one(connection, dossier, name, piece)
    if found is None:
        raise NotFound(NO_SUCH_PIECE)
    download.require_judged(parts.settings, found)
    return await download.sent(parts.store, found)


async def _show(
    request: Request, parts: Parts, account: UUID, dossier: UUID, back: str, again: UUID | None
) -> Response:
    async with parts.pool.connection() as connection:
        found = await filing.read(connection, account, dossier)
        require_open(found)
        return await pieces_page(request, connection, found, back, again=again)


async def _add(
    request: Request, parts: Parts, person: Person, account: UUID, dossier: UUID, name: str, back: str
) -> Response:
    """Take the file of a form; whatever speaks against it, or that it was there already, is said beside the piece."""
    begun = parts.clock()
    try:
        piece = await _taken(request, parts, person, account, dossier, name)
    except (Invalid, Cut, TooSlow, TooManyRequests, Unavailable) as error:
        async with parts.pool.connection() as connection:
            found = await filing.read(connection, account, dossier)
            said = error.fields if isinstance(error, Invalid) else beside(name, error)
            return again_after(await pieces_page(request, connection, found, back, said, error.status), error)
    again = f"?again={piece.id}" if piece.sent_at < begun else ""
    return see_other(f"{back}/pieces{again}#{name}")


async def _taken(request: Request, parts: Parts, person: Person, account: UUID, dossier: UUID, name: str) -> Piece:
    async with parts.pool.connection() as connection:
        asked = asked_of(await filing.read(connection, account, dossier), name)
    whole = declared(request)
    if whole is not None:
        require_size(asked, whole - OVERHEAD_BYTES)
    form = await multipart.opened(request.headers.get("content-type", ""), paced(request.stream()))
    require_ours(request, person, form.fields)
    if not form.filename:
        raise refused(asked, N_("Choose a file first."))
    sent = Sent(form.filename, None, form.chunks)
    return await send(parts, account, dossier, name, sent, by=person.account)


async def _fetch(
    parts: Parts, account: UUID, dossier: UUID, name: str, piece: UUID, *, judged: bool = False
) -> Response:
    async with parts.pool.connection() as connection:
        found = await repository.of_account(connection, account, dossier, name, piece)
    if found is None:
        raise NotFound(NO_SUCH_PIECE)
    if judged:
        download.require_judged(parts.settings, found)
    return await download.sent(parts.store, found)


async def _covered(parts: Parts, person: Person, mandat: UUID, dossier: UUID) -> Mandate:
    """The mandate of ``person`` that covers ``dossier``. Raises NotFound, Conflict or Forbidden."""
    async with parts.pool.connection() as connection:
        held = await mandates.holding(connection, person.account, mandat, parts.clock())
    mandates.require_covers(held, dossier)
    return held
