"""The person's own pages of codes: taking over what was begun at the counter, and a code to show there."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app.errors import FieldError, Invalid
from reference_app.mandates import codes
from reference_app.mandates.forms import checked, once, said
from reference_app.mandates.schemas import Claim
from reference_app.pages import page, posted, see_other
from reference_app.parts import Given
from reference_app.sessions import Citizen

router = APIRouter(prefix="/dossiers", include_in_schema=False)


@router.get("/claim")
async def ask_code(request: Request, person: Citizen) -> Response:
    """The form for a code from the counter."""
    return _claim_page(request, "", {})


@router.post("/claim")
async def claim(request: Request, parts: Given, person: Citizen) -> Response:
    """Take over what was begun at the counter."""
    typed = await posted(request, person)
    async with parts.pool.connection() as connection:
        try:
            claimed = checked(Claim, typed)
            dossier = await once(
                request,
                connection,
                person,
                typed,
                claimed,
                lambda: codes.claim(connection, person.account, claimed.code, parts.clock()),
            )
        except Invalid as error:
            return _claim_page(request, typed.get("code", ""), error.fields)
    return see_other(f"/dossiers/{dossier}")


@router.post("/{dossier}/code")
async def code(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """A code to show at the counter, shown once."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        made = await codes.issue(connection, person.account, dossier, parts.clock())
    return page(request, "code.html", code=made, days=codes.KEPT_D, back=f"/dossiers/{dossier}", counter=False)


def _claim_page(request: Request, typed: str, errors: Mapping[str, FieldError]) -> Response:
    shown = said(request, errors)
    return page(request, "claim.html", 422 if shown else 200, typed=typed, errors=shown, key=str(uuid4()))
