"""Searching, on the page and in the API: what is typed is sent in the body, and stands in no address and no log."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import APIRouter
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from reference_app.dossiers.draft import field_errors
from reference_app.errors import FieldError, Invalid
from reference_app.instruction import search
from reference_app.instruction.api import LineOut
from reference_app.instruction.search import KINDS, Found, Kind, Sought
from reference_app.pages import page, posted, sentence
from reference_app.parts import Given
from reference_app.problems import documented
from reference_app.sessions import Agent

api = APIRouter(prefix="/api/v1/agent/search", tags=["agents"], responses=documented(401, 403))
router = APIRouter(prefix="/agent/search", include_in_schema=False)


class FoundOut(BaseModel):
    """What was found."""

    kind: Kind = Field(description="What was looked for, as its form tells.")
    items: list[LineOut]
    more: bool = Field(description="Whether there are more than these.")


@api.post("", response_model=FoundOut, responses=documented(413), summary="Search")
async def find(parts: Given, person: Agent, sought: Sought) -> FoundOut:
    """Dossiers of my groups by receipt, SIRET, e-mail or the beginning of a word of the name; fifty at most."""
    async with parts.pool.connection() as connection:
        found = await search.find(connection, person.account, sought.sought)
    return FoundOut(kind=found.kind, items=[LineOut.of(d) for d in found.dossiers], more=found.more)


@router.get("")
async def ask(request: Request, person: Agent) -> Response:
    """What to look for."""
    return _page(request, "", None)


@router.post("")
async def show(request: Request, parts: Given, person: Agent) -> Response:
    """What was found."""
    typed = (await posted(request, person)).get("sought", "")
    try:
        sought = Sought(sought=typed)
        async with parts.pool.connection() as connection:
            return _page(request, typed, await search.find(connection, person.account, sought.sought))
    except ValidationError as error:
        return _page(request, typed, None, field_errors(error.errors()))
    except Invalid as error:
        return _page(request, typed, None, error.fields)


def _page(
    request: Request, typed: str, found: Found | None, errors: Mapping[str, FieldError] = MappingProxyType({})
) -> Response:
    said = {name: sentence(request, e.message, **e.values) for name, e in errors.items()}
    return page(request, "search.html", 422 if said else 200, typed=typed, found=found, kinds=KINDS, errors=said)
