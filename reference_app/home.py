"""The home page, and who is signed in for the API."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from reference_app.pages import page
from reference_app.problems import documented
from reference_app.sessions import SignedIn
from reference_app.sign_in.roles import Role

router = APIRouter()


class Me(BaseModel):
    """Who is signed in."""

    account: UUID
    role: Role
    name: str


@router.get("/", include_in_schema=False)
async def home(request: Request) -> Response:
    """What the aid is, who may ask for it, where to start."""
    return page(request, "home.html")


@router.get("/api/v1/me", tags=["session"], response_model=Me, responses=documented(401), summary="Who is signed in")
async def me(person: SignedIn) -> Me:
    """The account and role of the session; signing in itself is done on the pages."""
    return Me(account=person.account, role=person.role, name=person.name)
