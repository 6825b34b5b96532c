"""What may be done with the pieces of a dossier: which are missing, taking one away, forgetting all."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from reference_app.database import Connection
from reference_app.dossiers import repository as dossiers
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.draft import incomplete
from reference_app.dossiers.operations import amend
from reference_app.dossiers.repository import NO_SUCH_DOSSIER
from reference_app.dossiers.states import State as Where
from reference_app.dossiers.states import require_in
from reference_app.errors import N_, Conflict, FieldError, Invalid, NotFound
from reference_app.pieces import proof, repository
from reference_app.pieces.asked import AskedPiece
from reference_app.pieces.piece import Piece, State
from reference_app.pieces.staged import stage_deletion

NO_SUCH_PIECE = N_("There is no such piece.")


def asked_of(dossier: Dossier, name: str) -> AskedPiece:
    """What the procedure of ``dossier`` asks under ``name``. Raises NotFound."""
    for asked in dossier.filing.pieces:
        if asked.name == name:
            return asked
    raise NotFound(NO_SUCH_PIECE)


def require_open(dossier: Dossier) -> None:
    """Refuse to change the pieces of a dossier that is not its author's to change. Raises Conflict."""
    require_in(dossier.state, Where.BROUILLON, Where.EN_CONSTRUCTION)


async def require_whole(connection: Connection, dossier: Dossier) -> None:
    """Refuse a dossier that lacks a field or a piece needed to file, or is not for such a request. Raises Invalid."""
    if wrong := incomplete(dossier.filing, dossier.answers) | await missing(connection, dossier):
        raise Invalid(wrong)


async def missing(connection: Connection, dossier: Dossier) -> dict[str, FieldError]:
    """What is said beside each required piece that was not sent; asks the database only when one is required."""
    required = [asked.name for asked in dossier.filing.pieces if asked.required]
    if not required:
        return {}
    held = await repository.of_dossier(connection, dossier.id) if dossier.pieces else []
    sent = {piece.name for piece in held if piece.state is not State.INFECTEE}
    return {name: FieldError(N_("Send this piece.")) for name in required if name not in sent}


async def remove(
    connection: Connection,
    account: UUID,
    dossier: UUID,
    name: str,
    piece: UUID,
    at: datetime,
    *,
    by: UUID | None = None,
) -> None:
    """Take one piece away from a dossier of ``account``, and have its bytes deleted.

    Raises:
        NotFound: ``account`` has no such dossier, or it has no such piece.
        Conflict: an agent has the dossier under review, it is decided, or it is filed and needs this piece.
    """
    async with connection.transaction():
        found = await dossiers.locked(connection, account, dossier)
        if found is None:
            raise NotFound(NO_SUCH_DOSSIER)
        require_open(found)
        held = await repository.of_dossier(connection, dossier)
        gone = next((one for one in held if one.id == piece and one.name == name), None)
        if gone is None:
            raise NotFound(NO_SUCH_PIECE)
        if found.state is Where.EN_CONSTRUCTION and _is_last_required(found, gone, held):
            raise Conflict(N_("This dossier is filed and needs this piece: send another file first."))
        await stage_deletion(connection, await repository.remove(connection, [piece]))
        who = account if by is None else by
        await changed(connection, found, len(held) - 1, by=who, at=at, did=proof.removed(gone))


async def forget(connection: Connection, dossiers_gone: Collection[UUID]) -> None:
    """Delete all pieces of these dossiers, in the caller's transaction; their bytes go after it commits."""
    await stage_deletion(connection, await repository.forget(connection, dossiers_gone))


async def changed(connection: Connection, dossier: Dossier, pieces: int, *, by: UUID, at: datetime, did: str) -> None:
    """Write down that a locked ``dossier`` has so many pieces now; of a filed one the log keeps what was done."""
    if dossier.state is Where.BROUILLON:
        await repository.count(connection, dossier.id, pieces)
    else:
        await amend(connection, dossier, by=by, at=at, did=did, pieces=pieces)


def _is_last_required(dossier: Dossier, gone: Piece, held: Collection[Piece]) -> bool:
    others = [one for one in held if one.name == gone.name and one.id != gone.id and one.state is not State.INFECTEE]
    return gone.state is not State.INFECTEE and not others and asked_of(dossier, gone.name).required
