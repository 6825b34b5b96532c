"""The pages of what a person may ask about themselves: a copy of it all, what is kept until when, deleting."""

from __future__ import annotations

from collections.abc import Set
from datetime import date
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reference_app.database import Connection
from reference_app.dossiers import repository
from reference_app.dossiers.dossier import Dossier
from reference_app.pages import page, posted
from reference_app.parts import Given
from reference_app.procedure import PROCEDURES, Procedure
from reference_app.rights import answers, erasure, keeping
from reference_app.rights.api import signed_out
from reference_app.sessions import Citizen

SHOWN = 50
"""Dossiers listed on the page, the newest; the copy has them all."""

router = APIRouter(prefix="/my-data", include_in_schema=False)


@router.get("")
async def read(request: Request, parts: Given, person: Citizen) -> Response:
    """What is held, until when, and what may be asked."""
    async with parts.pool.connection() as connection:
        kept = await kept_of(connection, person.account)
    return page(request, "my_data.html", kept=kept, rules=_rules({found.procedure for found, _ in kept}), most=SHOWN)


@router.get("/copy")
async def download(request: Request, person: Citizen) -> Response:
    """The copy."""
    return await answers.archive(request, person.account)


@router.get("/delete")
async def ask(request: Request, parts: Given, person: Citizen) -> Response:
    """A last question before deleting, with what goes and what stays."""
    async with parts.pool.connection() as connection:
        foreseen = await erasure.foreseen(connection, person.account)
        kept = await kept_of(connection, person.account) if foreseen.kept else []
    filed = [(dossier, until) for dossier, until in kept if dossier.filed_at is not None]
    return page(request, "erase.html", foreseen=foreseen, filed=filed, most=SHOWN)


@router.post("/delete")
async def erase(request: Request, parts: Given, person: Citizen) -> Response:
    """Delete what may be deleted. The answer is the page itself: whoever it was about may not be signed in any more."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        done = await erasure.erase(connection, person.account, parts.clock())
    await signed_out(request, person, done)
    return page(request, "erased.html", done=done)


async def kept_of(connection: Connection, account: UUID) -> list[tuple[Dossier, date | None]]:
    """The newest dossiers of ``account``, each with the last day on which it is kept."""
    found = await repository.list_of_account(connection, account, None, SHOWN)
    return [(dossier, keeping.until(dossier)) for dossier in found]


def _rules(used: Set[str]) -> list[Procedure]:
    """Procedures that say how long they keep what they take in; one that is tried out for those who took part."""
    offered = (procedure for name, procedure in PROCEDURES.items() if name in used or not procedure.pilot)
    return [procedure for procedure in offered if procedure.retention is not None]
