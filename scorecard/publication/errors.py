"""What the service refuses, and with which HTTP status."""

from __future__ import annotations

from scorecard.evidence import Text


class PublicationError(Exception):
    """The service cannot be set up or reached; the message is one line."""


class Refusal(Exception):  # noqa: N818 (an answer to a request, not a failure)
    """A request is refused: HTTP status and the reason in both languages."""

    def __init__(self, status: int, text: Text) -> None:
        super().__init__(text.en)
        self.status = status
        self.text = text


def not_signed_in() -> Refusal:
    """Nobody is signed in, or the token is unknown, revoked or past its end."""
    return Refusal(
        401,
        Text(
            en="Sign in, or give a token that is known and not past its end.",
            fr="Connectez-vous, ou donnez un jeton connu et encore valable.",
        ),
    )


def not_allowed(needed: str) -> Refusal:
    """The caller's role is not enough."""
    return Refusal(403, Text(en=f"This takes the role {needed!r}.", fr=f"Il y faut le rôle « {needed} »."))


def not_found() -> Refusal:
    """There is no such thing."""
    return Refusal(404, Text(en="There is nothing at this address.", fr="Il n’y a rien à cette adresse."))
