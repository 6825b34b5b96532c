"""Pieces as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from reference_app.database import Connection
from reference_app.dossiers.dossier import Dossier
from reference_app.errors import FieldError, Refusal, TooManyRequests, Unavailable
from reference_app.pages import page, sentence
from reference_app.parts import parts_of
from reference_app.pieces import repository
from reference_app.pieces.piece import Piece


async def by_name(connection: Connection, dossier: Dossier) -> dict[str, list[Piece]]:
    """The pieces of a dossier by what they were asked for; asks the database only when there are some."""
    found: dict[str, list[Piece]] = {}
    for piece in await repository.of_dossier(connection, dossier.id) if dossier.pieces else []:
        found.setdefault(piece.name, []).append(piece)
    return found


async def pieces_page(
    request: Request,
    connection: Connection,
    dossier: Dossier,
    back: str,
    errors: Mapping[str, FieldError] = MappingProxyType({}),
    status: int = 200,
    *,
    again: UUID | None = None,
) -> Response:
    """The page on which the pieces of ``dossier`` are sent and taken away, what is wrong beside each.

    ``back`` is the address of the dossier, below which those of its pieces stand; ``again`` is the piece that was just
    sent a second time, maybe under another name.
    """
    return page(
        request,
        "pieces.html",
        status,
        dossier=dossier,
        sent=await by_name(connection, dossier),
        taken=parts_of(request).store is not None,
        back=back,
        again=again,
        errors={name: sentence(request, error.message, **error.values) for name, error in errors.items()},
    )


def only(dossier: Dossier, errors: Iterable[str]) -> bool:
    """Whether all that is wrong is about pieces, so that their page is the one to show."""
    return set(errors) <= {asked.name for asked in dossier.filing.pieces}


def beside(name: str, error: Refusal) -> dict[str, FieldError]:
    """A refusal that names no field, said beside the piece ``name``."""
    return {name: FieldError(error.detail, error.values)}


def again_after(response: Response, error: Refusal) -> Response:
    """``response`` to a refusal that passes, with the time to wait."""
    if isinstance(error, Unavailable | TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response
