"""The pages a link in an invitation leads to: what it is about, the form filled in, the way out."""

from __future__ import annotations

from uuid import uuid4

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app.campaigns import invitation
from reference_app.dossiers.pages import form_page
from reference_app.pages import page, see_other
from reference_app.parts import Given
from reference_app.sessions import Citizen

router = APIRouter(prefix="/invitations", include_in_schema=False)


@router.get("")
async def read(request: Request, parts: Given, code: str = "") -> Response:
    """What the invitation is about. It changes nothing: programs that look at mails open links too."""
    async with parts.pool.connection() as connection:
        found = await invitation.read(connection, code)
    return page(request, "invitation.html", invitation=found, code=code)


@router.get("/form")
async def form(request: Request, parts: Given, person: Citizen, code: str = "") -> Response:
    """The form of the procedure with what the list said; the first account that opens it keeps the invitation."""
    async with parts.pool.connection() as connection:
        found = await invitation.opened(connection, person.account, code, parts.clock())
    return form_page(request, "/dossiers", found.known, {**invitation.prefilled(found), "key": str(uuid4())})


@router.get("/declined")
async def ask_decline(request: Request, parts: Given, code: str = "", done: bool = False) -> Response:
    """A last question before no campaign is sent any more."""
    async with parts.pool.connection() as connection:
        found = await invitation.read(connection, code)
    return page(request, "declined.html", invitation=found, code=code, done=done or found.state == "declined")


@router.post("/declined")
async def decline(parts: Given, code: str = "") -> Response:
    """Send no more. The code is all it takes: mail programs send this by themselves (RFC 8058), without a session."""
    async with parts.pool.connection() as connection:
        await invitation.decline(connection, code, parts.clock())
    return see_other(f"/invitations/declined?code={code}&done=true")
