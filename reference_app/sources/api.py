"""Sources in the API: a draft is filled in where it is kept, so that no number of a business stands in an address."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request

from reference_app.dossiers.schemas import DossierOut
from reference_app.parts import Given, speaker
from reference_app.problems import documented
from reference_app.sessions import Citizen
from reference_app.sources.described import SourceName
from reference_app.sources.prefill import prefill

router = APIRouter(prefix="/api/v1/dossiers", tags=["dossiers"], responses=documented(401, 403))


@router.post(
    "/{dossier}/sources/{source}",
    response_model=DossierOut,
    responses=documented(404, 409),
    summary="Fill in from a source",
)
async def fill_in(request: Request, parts: Given, person: Citizen, dossier: UUID, source: SourceName) -> DossierOut:
    """Fill in the empty fields of a draft with what a source knows; `known` then says what it said, and when.

    What was typed stays. A source that is slow, closed or unknown to the settings is no failure: `outcome` is `away`
    and nothing else changes. Sending it again is harmless.
    """
    return DossierOut.of(await prefill(parts, person.account, dossier, source), speaker(request))
