"""Refusals of the service: what went wrong, for whom it is written, and which status it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


def N_(sentence: str) -> str:  # noqa: N802 (the name gettext tools look for)
    """Mark a sentence for translation; it is translated when it is shown."""
    return sentence


class ReferenceAppError(Exception):
    """Something the reference service cannot do; its message is one clear line."""


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field: a sentence to translate and the values it names."""

    message: str
    values: Mapping[str, object] = field(default_factory=dict)


class Refusal(ReferenceAppError):  # noqa: N818 (named for what happened, as its subclasses are)
    """A request is refused; a page or a problem document says why, in the reader's language."""

    status: ClassVar[int]
    slug: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str, **values: object) -> None:
        super().__init__(detail % values if values else detail)
        self.detail = detail
        self.values = values


class NotSignedIn(Refusal):
    """Nobody is signed in, or the session has ended."""

    status, slug, title = 401, "not-signed-in", N_("Please sign in")


class SignInFailed(Refusal):
    """The identity provider, or a check of what it answered, said no; why is for the log, not for the page."""

    status, slug, title = 400, "sign-in-failed", N_("You are not signed in")


class Forbidden(Refusal):
    """This person may not do this."""

    status, slug, title = 403, "forbidden", N_("You may not do this")


class NotFound(Refusal):
    """There is no such thing, or none this person may know of."""

    status, slug, title = 404, "not-found", N_("Not found")


class Conflict(Refusal):
    """The dossier or appointment is no longer in a state that allows this."""

    status, slug, title = 409, "conflict", N_("No longer possible")


class Changed(Refusal):
    """What is to be replaced is no longer what its author has before them; ``version`` is what it is now."""

    status, slug, title = 412, "changed", N_("Changed elsewhere meanwhile")

    def __init__(self, version: str) -> None:
        super().__init__(N_("It was changed in another tab or on another device. Nothing was saved: look at it first."))
        self.version = version


class SlotFull(Conflict):
    """The last seat of a slot is taken."""

    slug, title = "slot-full", N_("This time was just taken")


class AlreadyBooked(Conflict):
    """The person has an appointment to come for this procedure."""

    slug, title = "already-booked", N_("You already have an appointment")


class Invalid(Refusal):
    """Fields are missing or wrong; ``fields`` says what, by the name of the field."""

    status, slug, title = 422, "invalid", N_("Some fields need your attention")

    def __init__(self, fields: Mapping[str, FieldError]) -> None:
        super().__init__(N_("Nothing was saved. Correct the fields named and send again."))
        self.fields = fields


SENT_BEFORE = N_("You sent something else with this form before, and it was kept. Send this too if you want to add it.")


class KeyReused(Refusal):
    """An idempotency key came back with another request: on a page, somebody went back and typed something else."""

    status, slug, title = 422, "idempotency-key-reused", N_("This key was used for another request")


class TooManyRequests(Refusal):
    """A person or an address asks for more than its share; ``retry_after_s`` says when one request may pass again."""

    status, slug, title = 429, "too-many-requests", N_("Too many requests at once")

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(N_("Wait a few seconds, then send this again. Nothing you sent before is lost."))
        self.retry_after_s = retry_after_s


class Failed(Refusal):
    """Something happened that nobody foresaw; it was recorded."""

    status, slug, title = 500, "failure", N_("Something went wrong on our side")

    def __init__(self) -> None:
        super().__init__(N_("The error was recorded, and what you had saved is kept. Try again later."))


class NotYourTurn(Refusal):
    """Many came at once and stand in line; ``place`` is None before the order is drawn, and for who is not signed in.

    ``cookie`` is a new ticket, for a caller that reads no page.
    """

    status, slug, title = 503, "waiting-room", N_("Please wait for your turn")

    def __init__(
        self, detail: str, procedure: str, retry_after_s: int, place: int | None = None, cookie: str | None = None
    ) -> None:
        super().__init__(detail)
        self.procedure, self.retry_after_s, self.place, self.cookie = procedure, retry_after_s, place, cookie


class Unavailable(Refusal):
    """A part the service needs is full or away; the same request may be sent again later."""

    status, slug, title = 503, "unavailable", N_("The service is very busy")
    retry_after_s: ClassVar[int] = 5
