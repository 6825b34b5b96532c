"""The ticket as the browser keeps it: signed, and good for one account and one room only."""

from __future__ import annotations

from http.cookies import SimpleCookie
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from reference_app.settings import Settings
from reference_app.waiting_room.line import Ticket

KEPT_S = 12 * 3600
"""A session lasts no longer either."""


def cookie_name(procedure: str) -> str:
    """The cookie of the ticket for ``procedure``."""
    return f"line-{procedure}"


def cookie_header(settings: Settings, procedure: str, ticket: Ticket) -> str:
    """The header value that hands out ``ticket``."""
    name = cookie_name(procedure)
    cookie = SimpleCookie({name: written(settings, ticket)})
    morsel = cookie[name]
    morsel["path"], morsel["max-age"], morsel["samesite"] = "/", str(KEPT_S), "lax"
    morsel["httponly"], morsel["secure"] = True, settings.https
    return morsel.OutputString()


def written(settings: Settings, ticket: Ticket) -> str:
    """``ticket`` as text."""
    return str(_signer(settings).dumps([ticket.room.hex, ticket.account.hex, ticket.came]))


def read(settings: Settings, text: str, room: UUID, account: UUID) -> Ticket | None:
    """The ticket in ``text``; None when it is no ticket of ours, or one of another room or account."""
    try:
        kept = _signer(settings).loads(text)
    except BadData:
        return None
    if kept[:2] != [room.hex, account.hex]:
        return None
    return Ticket(room, account, int(kept[2]))


def _signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.session_secret.get_secret_value(), salt="waiting-room")
