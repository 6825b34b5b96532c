"""The agents' pages of what passes between them and the author of a dossier: corrections, messages, reopening."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app import idempotency
from reference_app.database import Connection
from reference_app.dossiers.corrections import Wanted
from reference_app.dossiers.messages import Written
from reference_app.dossiers.pages import Typed, key_of
from reference_app.instruction import decisions
from reference_app.instruction.decisions import Reopening
from reference_app.instruction.exchange import write_once
from reference_app.instruction.pages import carried_out, holding
from reference_app.parts import Given
from reference_app.sessions import Agent

router = APIRouter(prefix="/agent/dossiers/{dossier}", include_in_schema=False)


@router.post("/correction")
async def ask(request: Request, parts: Given, person: Agent, dossier: UUID) -> Response:
    """Ask for a correction."""

    async def asked(connection: Connection, wanted: Wanted, _: Typed) -> None:
        await decisions.ask(connection, person.account, dossier, wanted, parts.clock())

    return await carried_out(request, person, dossier, Wanted, asked, may=holding(person, dossier))


@router.post("/reopen")
async def reopen(request: Request, parts: Given, person: Agent, dossier: UUID) -> Response:
    """Reopen a decided dossier."""

    async def reopened(connection: Connection, again: Reopening, _: Typed) -> None:
        await decisions.reopen(connection, person.account, dossier, again, parts.clock())

    async def decided(connection: Connection) -> None:
        decisions.require_reopenable(await decisions.read(connection, person.account, dossier))

    return await carried_out(request, person, dossier, Reopening, reopened, may=decided)


@router.post("/messages")
async def write(request: Request, person: Agent, dossier: UUID) -> Response:
    """Write to the author."""

    async def kept(connection: Connection, written: Written, typed: Typed) -> None:
        digest = idempotency.digest(f"POST /agent/dossiers/{dossier}/messages", written.text.encode())
        await write_once(request, connection, person.account, dossier, written, key_of(typed), digest)

    return await carried_out(request, person, dossier, Written, kept)
