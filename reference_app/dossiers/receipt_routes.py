"""The receipt as a file, by a page's link and by the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app import language
from reference_app.dossiers import filing, receipt_pdf
from reference_app.errors import N_, NotFound
from reference_app.parts import Given, Parts, speaker
from reference_app.problems import documented
from reference_app.sessions import Citizen

router = APIRouter()

_ANSWERS: dict[int | str, dict[str, Any]] = {
    **documented(401, 403, 404),
    200: {"description": "The receipt, a tagged PDF.", "content": {"application/pdf": {}}},
    304: {"description": "It is the one named in `If-None-Match`."},
}


@router.get("/dossiers/{dossier}/receipt.pdf", include_in_schema=False)
async def download(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """The receipt."""
    return await _answer(request, parts, person.account, dossier)


@router.get(
    "/api/v1/dossiers/{dossier}/receipt",
    tags=["dossiers"],
    summary="Download the receipt",
    response_class=Response,
    responses=_ANSWERS,
)
async def read(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """The receipt of one of my filed dossiers (CRPA, art. R112-11-1), as a tagged PDF in my language."""
    return await _answer(request, parts, person.account, dossier)


async def _answer(request: Request, parts: Parts, account: UUID, dossier: UUID) -> Response:
    async with parts.pool.connection() as connection:
        found = await filing.read(connection, account, dossier)
    if found.filed_at is None:
        raise NotFound(N_("This request is not filed yet: there is no receipt of it."))
    spoken = language.wanted(request)
    words = receipt_pdf.content(found, spoken, speaker(request))
    digest = receipt_pdf.digest_of(words)
    headers = {"ETag": f'"{digest}"', "Content-Language": spoken}
    if digest in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{found.receipt_number}.pdf"'
    return Response(
        await receipt_pdf.made(words, digest, found.filed_at), headers=headers, media_type="application/pdf"
    )
