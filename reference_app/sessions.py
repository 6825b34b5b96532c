"""Who is signed in: kept in a signed cookie, so that any replica can answer (docs/decisions/0010)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated, assert_never
from uuid import UUID, uuid4

from fastapi import Depends
from starlette.requests import Request

from reference_app.errors import N_, Forbidden, NotSignedIn
from reference_app.parts import parts_of
from reference_app.settings import Settings
from reference_app.sign_in.roles import Role

COOKIE = "session"
RENEW_AFTER_S = 300
LONGEST_S = 12 * 3600
"""A session ends then, used or not (ProConnect's own limit)."""


@dataclass(frozen=True)
class Person:
    """Somebody signed in: their account, what they may be, and how to greet them."""

    account: UUID
    role: Role
    name: str


def start(request: Request, person: Person) -> None:
    """Sign ``person`` in; whatever the session held before is gone."""
    now = int(parts_of(request).clock().timestamp())
    request.session.clear()
    request.session.update(
        {
            "id": str(uuid4()),
            "account": str(person.account),
            "role": person.role,
            "name": person.name,
            "since": now,
            "seen": now,
        }
    )


async def end(request: Request) -> None:
    """Sign out: the cookie goes, and a copy of it opens nothing any more."""
    ended = UUID(request.session["id"])
    request.session.clear()
    await parts_of(request).ended.add(ended)


async def end_all(request: Request, account: UUID) -> None:
    """End every session of an account that is no more: here at once, on other workers within a second."""
    request.session.clear()
    await parts_of(request).ended.add(account)


def current(request: Request) -> Person | None:
    """Who is signed in, None when nobody is, or the session was signed out or has lasted too long.

    Use makes the session last.
    """
    kept = request.session
    if "id" not in kept:
        return None
    parts = parts_of(request)
    now = int(parts.clock().timestamp())
    ended = UUID(kept["id"]) in parts.ended or UUID(kept["account"]) in parts.ended
    if ended or now - kept["since"] > LONGEST_S:
        kept.clear()
        return None
    if now - kept["seen"] > RENEW_AFTER_S:
        kept["seen"] = now
    return Person(account=UUID(kept["account"]), role=kept["role"], name=kept["name"])


def form_token(settings: Settings, person: Person) -> str:
    """What a form must carry: bound to the account, so a page left open stays valid after signing in again."""
    secret = settings.session_secret.get_secret_value().encode()
    return hmac.new(secret, b"form\0" + person.account.bytes, hashlib.sha256).hexdigest()


def owner(settings: Settings, person: Person) -> str:
    """Names whose form a page is, to the browser only: what was typed by one person is not shown to the next."""
    secret = settings.session_secret.get_secret_value().encode()
    return hmac.new(secret, b"owner\0" + person.account.bytes, hashlib.sha256).hexdigest()[:16]


async def _signed_in(request: Request) -> Person:
    person = current(request)
    if person is None:
        raise NotSignedIn(N_("Sign in to go on. What was sent was not saved."))
    return person


def require_role(person: Person, role: Role) -> None:
    """Refuse a person of the other role. Raises Forbidden."""
    if person.role == role:
        return
    match role:
        case "citizen":
            raise Forbidden(N_("This is for businesses and residents; you are signed in as an agent."))
        case "agent":
            raise Forbidden(N_("This is for agents of the service."))
        case _:
            assert_never(role)


async def _citizen(request: Request) -> Person:
    person = await _signed_in(request)
    require_role(person, "citizen")
    return person


async def _agent(request: Request) -> Person:
    person = await _signed_in(request)
    require_role(person, "agent")
    return person


SignedIn = Annotated[Person, Depends(_signed_in)]
Citizen = Annotated[Person, Depends(_citizen)]
Agent = Annotated[Person, Depends(_agent)]
