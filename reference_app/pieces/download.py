"""Giving a piece out: as a file to keep, never as a page of ours."""

from __future__ import annotations

from typing import assert_never
from urllib.parse import quote

from obstore.store import ObjectStore
from starlette.responses import Response, StreamingResponse

from reference_app import storage
from reference_app.errors import N_, Conflict, Unavailable
from reference_app.pieces.kinds import FORMS
from reference_app.pieces.piece import Piece, State
from reference_app.settings import Settings

POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""Should a browser show it after all, then as a stranger, without script, form or cookie."""
_INFECTED = N_("A virus was found in this file, and it was deleted.")


async def sent(store: ObjectStore | None, piece: Piece) -> Response:
    """The bytes of ``piece`` as they come from the storage.

    Raises:
        Conflict: a virus was found in it, and it is no more.
        Unavailable: the storage is away.
    """
    if piece.object is None:
        raise Conflict(_INFECTED)
    if store is None:
        raise Unavailable(storage.AWAY)
    headers = {
        "Content-Length": str(piece.size),
        "Content-Disposition": disposition(piece),
        "Content-Security-Policy": POLICY,
    }
    chunks = await storage.read(store, piece.object)
    return StreamingResponse(chunks, headers=headers, media_type=FORMS[piece.kind].media_type)


def require_judged(settings: Settings, piece: Piece) -> None:
    """Refuse to an agent a piece that is not known to be harmless, unless the setting takes that risk.

    Raises:
        Conflict: it is being checked, could not be checked, or was refused.
    """
    match piece.state:
        case State.SAINE:
            return
        case State.EN_ATTENTE:
            raise Conflict(N_("This file is still being checked for viruses. Try again in a minute."))
        case State.NON_ANALYSEE:
            if settings.unscanned_pieces != "open":
                raise Conflict(N_("This file was not checked for viruses, so it cannot be opened here."))
        case State.INFECTEE:
            raise Conflict(_INFECTED)
        case _:
            assert_never(piece.state)


def disposition(piece: Piece) -> str:
    """The header that has a browser keep the file, under its name without marks of direction and with its true ending.

    A mark of direction shows ``annexe\\u202efdp.exe`` as ``annexeexe.pdf``; a wrong ending opens another program.
    """
    form = FORMS[piece.kind]
    name = "".join(c for c in piece.filename if c.isprintable() and c not in '/\\:*?"<>|')
    if not name.lower().endswith(form.extensions):
        name += form.extensions[0]
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
