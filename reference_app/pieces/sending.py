"""Sending a piece: allowed before it is read, kept while no connection waits for it, and then written down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from uuid import UUID

from reference_app import storage
from reference_app.database import Connection
from reference_app.dossiers import repository as dossiers
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.repository import NO_SUCH_DOSSIER
from reference_app.errors import N_, NotFound, Refusal, Unavailable
from reference_app.parts import Parts
from reference_app.pieces import proof, repository
from reference_app.pieces.asked import AskedPiece
from reference_app.pieces.holding import asked_of, changed, require_open
from reference_app.pieces.intake import Received, receive, refused, require_size
from reference_app.pieces.kinds import FORMS
from reference_app.pieces.piece import Piece, State
from reference_app.pieces.staged import stage_deletion, stage_scan

NAME_CHARACTERS = 200
_ENDING_CHARACTERS = 8
DAY = timedelta(hours=24)
"""Over which the limits of one person are counted; what was taken away since does not count."""


@dataclass(frozen=True)
class Sent:
    """A file as it was sent; ``size`` is what was declared of it, None when nothing was."""

    filename: str
    size: int | None
    chunks: AsyncIterator[bytes]


async def send(parts: Parts, account: UUID, dossier: UUID, name: str, sent: Sent, *, by: UUID | None = None) -> Piece:
    """Keep a file as piece ``name`` of a dossier of ``account``; in place of the one before when only one is asked for.

    The same file sent again is the same piece, so a retry is harmless. ``by`` is who sends it, when it is not the one
    whose dossier it is.

    Raises:
        NotFound: ``account`` has no such dossier, or its procedure asks for no such piece.
        Conflict: an agent has the dossier under review, or it is decided.
        Invalid: the file is empty, of another kind, too large or one too many, or its name cannot be kept.
        TooSlow, Cut: it does not arrive.
        TooManyRequests, Unavailable: too many arrive at once, or the storage or the database is away.
    """
    sender = account if by is None else by
    if parts.store is None:
        raise Unavailable(storage.AWAY)
    with parts.uploads.one(sender):
        async with parts.pool.connection() as connection:
            asked = await _allowed(parts, connection, account, dossier, name, sent, sender)
        received = await receive(parts.store, asked, sent.chunks)
        filename = _kept_name(asked, sent.filename, received)
        try:
            async with parts.pool.connection() as connection, connection.transaction():
                return await _written(parts, connection, account, dossier, asked, filename, received, sender)
        except Refusal:  # of anything else it is not known whether it was committed: the sweep looks
            with suppress(Unavailable):
                await storage.delete(parts.store, received.object)
            raise


async def _allowed(
    parts: Parts, connection: Connection, account: UUID, dossier: UUID, name: str, sent: Sent, sender: UUID
) -> AskedPiece:
    """What is asked under ``name``, once all that can be known before reading the file allows it."""
    found = _found(await dossiers.of_account(connection, account, dossier))
    asked = asked_of(found, name)
    require_open(found)
    _require_name(asked, sent.filename)
    if sent.size is not None:
        require_size(asked, sent.size)
    settings = parts.settings
    pieces, size = await repository.sent_by(connection, sender, parts.clock() - DAY)
    if pieces >= settings.person_pieces_a_day or size >= settings.person_piece_mb_a_day * 1_000_000:
        raise refused(asked, N_("You have sent as many files as one person may within a day. Send this one tomorrow."))
    return asked


async def _written(
    parts: Parts,
    connection: Connection,
    account: UUID,
    dossier: UUID,
    asked: AskedPiece,
    filename: str,
    received: Received,
    sender: UUID,
) -> Piece:
    """The piece in the database, in the caller's transaction; what it replaces goes in the same one."""
    found = _found(await dossiers.locked(connection, account, dossier))
    require_open(found)  # an agent may have taken it while the file was on its way
    held = await repository.of_dossier(connection, dossier)
    same = next((one for one in held if one.name == asked.name and one.digest == received.digest), None)
    if same is not None:
        await stage_deletion(connection, [received.object])
        return same
    replaced = [one for one in held if one.name == asked.name and (asked.at_most == 1 or not _counts(one, asked))]
    if asked.at_most > 1 and sum(_counts(one, asked) for one in held) >= asked.at_most:
        raise refused(asked, N_("There are %(most)s files already. Remove one first."), most=asked.at_most)
    if replaced:
        await stage_deletion(connection, await repository.remove(connection, [one.id for one in replaced]))
    state = State.NON_ANALYSEE if parts.scanner is None else State.EN_ATTENTE
    at = parts.clock()
    piece = await repository.add(connection, dossier, asked.name, filename, received, state, by=sender, at=at)
    if state is State.EN_ATTENTE:
        await stage_scan(connection, piece.id)
    did = proof.sent(asked.name, received.digest, replaced)
    await changed(connection, found, len(held) - len(replaced) + 1, by=sender, at=at, did=did)
    return piece


def _counts(piece: Piece, asked: AskedPiece) -> bool:
    return piece.name == asked.name and piece.state is not State.INFECTEE


def _require_name(asked: AskedPiece, filename: str) -> None:
    """Refuse a name with a NUL, which no database keeps. Raises Invalid."""
    if "\0" in filename:
        raise refused(asked, N_("The name of this file holds characters that cannot be kept. Rename it first."))


def _kept_name(asked: AskedPiece, filename: str, received: Received) -> str:
    """The name to show: without folders, on one line, at most 200 characters, never empty."""
    line = "".join(character if character.isprintable() or _is_letter(character) else " " for character in filename)
    path = PurePosixPath(line.replace("\\", "/"))
    name = path.name.strip()
    if not name:
        return asked.name + FORMS[received.kind].extensions[0]
    if len(name) <= NAME_CHARACTERS:
        return name
    ending = path.suffix if len(path.suffix) <= _ENDING_CHARACTERS else ""
    return f"{name[: NAME_CHARACTERS - len(ending) - 1]}…{ending}"


def _is_letter(character: str) -> bool:
    """Marks of direction and joiners, which some scripts need, are no letters to Python; pages isolate them."""
    return "\u200b" <= character <= "\u202e" or "\u2066" <= character <= "\u2069"


def _found(dossier: Dossier | None) -> Dossier:
    if dossier is None:
        raise NotFound(NO_SUCH_DOSSIER)
    return dossier
