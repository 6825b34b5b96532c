"""Groups and their members, on the pages of those who supervise them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reference_app.database import Connection
from reference_app.dossiers.draft import field_errors
from reference_app.dossiers.pages import Typed
from reference_app.errors import FieldError, Invalid
from reference_app.groups import GROUPS
from reference_app.instruction import members
from reference_app.instruction.members import Joining
from reference_app.pages import page, posted, see_other, sentence
from reference_app.parts import Given
from reference_app.sessions import Agent, Person

router = APIRouter(prefix="/agent/groups", include_in_schema=False)


@router.get("")
async def overview(request: Request, parts: Given, person: Agent) -> Response:
    """The groups I supervise."""
    async with parts.pool.connection() as connection:
        mine = await members.supervised(connection, person.account)
    return page(request, "groups.html", groups=[GROUPS[group] for group in mine])


@router.get("/{group:path}/members")
async def read(request: Request, parts: Given, person: Agent, group: str) -> Response:
    """Who is in a group I supervise."""
    async with parts.pool.connection() as connection:
        return await _page(request, connection, person, group)


@router.post("/{group:path}/members")
async def join(request: Request, parts: Given, person: Agent, group: str) -> Response:
    """Put an agent in."""
    typed = await posted(request, person)
    wanted = {name: typed[name] for name in Joining.model_fields if typed.get(name, "").strip()}
    async with parts.pool.connection() as connection:
        try:
            await members.join(connection, person.account, group, Joining.model_validate(wanted), parts.clock())
        except ValidationError as error:
            return await _page(request, connection, person, group, typed, field_errors(error.errors()))
        except Invalid as error:
            return await _page(request, connection, person, group, typed, error.fields)
    return see_other(f"/agent/groups/{group}/members")


@router.post("/{group:path}/members/{member}/leave")
async def leave(request: Request, parts: Given, person: Agent, group: str, member: UUID) -> Response:
    """Take an agent out."""
    await posted(request, person)
    async with parts.pool.connection() as connection:
        await members.leave(connection, person.account, group, member, parts.clock())
    return see_other("/agent/groups")


async def _page(
    request: Request,
    connection: Connection,
    person: Person,
    group: str,
    typed: Typed = MappingProxyType({}),
    errors: Mapping[str, FieldError] = MappingProxyType({}),
) -> Response:
    found = await members.of_group(connection, person.account, group)
    said = {name: sentence(request, e.message, **e.values) for name, e in errors.items()}
    status = 422 if said else 200
    return page(request, "members.html", status, group=GROUPS[group], members=found, typed=typed, errors=said)
