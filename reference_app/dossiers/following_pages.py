"""The pages of a filed dossier, for its author: sending back what was mended, writing, withdrawing."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reference_app import idempotency
from reference_app.dossiers import corrections, filing
from reference_app.dossiers.draft import field_errors
from reference_app.dossiers.following import write_once
from reference_app.dossiers.messages import Written
from reference_app.dossiers.pages import key_of, shown
from reference_app.dossiers.states import State, require_in
from reference_app.errors import SENT_BEFORE, KeyReused
from reference_app.pages import page, posted, see_other, sentence
from reference_app.parts import Given
from reference_app.sessions import Citizen

router = APIRouter(prefix="/dossiers/{dossier}", include_in_schema=False)


@router.post("/corrected")
async def corrected(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """Send back what was mended."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await corrections.resolve(connection, person.account, dossier, parts.clock())
    return see_other(f"/dossiers/{dossier}")


@router.post("/messages")
async def write(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """Write to the agents; a text that cannot be kept comes back in its field."""
    typed = await posted(request, person)
    async with parts.pool.connection() as connection:
        try:
            written = Written(text=typed.get("text", ""))
        except ValidationError as error:
            said = {name: sentence(request, e.message, **e.values) for name, e in field_errors(error.errors()).items()}
            found = await filing.read(connection, person.account, dossier)
            return await shown(request, connection, found, 422, typed.get("text", ""), said)
        digest = idempotency.digest(f"POST /dossiers/{dossier}/messages", written.text.encode())
        try:
            await write_once(request, connection, person.account, dossier, written, key_of(typed), digest)
        except KeyReused as error:
            found = await filing.read(connection, person.account, dossier)
            said = {"text": sentence(request, SENT_BEFORE)}
            return await shown(request, connection, found, error.status, written.text, said)
    return see_other(f"/dossiers/{dossier}#messages")


@router.get("/withdraw")
async def ask_withdraw(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """A last question before withdrawing."""
    async with parts.pool.connection() as connection:
        found = await filing.read(connection, person.account, dossier)
    require_in(found.state, State.EN_CONSTRUCTION, State.EN_INSTRUCTION)
    return page(request, "withdraw.html", dossier=found)


@router.post("/withdraw")
async def withdraw(request: Request, parts: Given, person: Citizen, dossier: UUID) -> Response:
    """Withdraw a filed dossier."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await filing.withdraw(connection, person.account, dossier, parts.clock())
    return see_other(f"/dossiers/{dossier}")
