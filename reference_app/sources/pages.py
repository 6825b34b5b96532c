"""Sources on the pages: a button of the form that saves the draft, asks, and comes back with the fields filled in."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from reference_app.dossiers.draft import SENTENCES
from reference_app.errors import Conflict, FieldError, Invalid, NotFound
from reference_app.pages import see_other
from reference_app.parts import Parts, parts_of
from reference_app.procedure import Procedure, filing_of
from reference_app.sessions import Person
from reference_app.sources.prefill import NeedsThePerson, prefill

AGREED = "fill"
"""Key of the session: the draft and the source for which a person goes to the identity provider."""


def require_key(procedure: Procedure, typed: Mapping[str, str]) -> None:
    """Refuse a form whose button asks a source, while the field that it is asked by is empty. Raises Invalid.

    Before anything is saved: what is sent again is then still the first of its key.
    """
    for source in filing_of(procedure).sources:
        if source.name == typed.get("find") and source.key is not None and not typed.get(source.key, "").strip():
            raise Invalid({source.key: FieldError(SENTENCES["missing"])})


async def asked(request: Request, person: Person, dossier: UUID, source: str) -> Response:
    """Ask ``source`` for a draft that was just saved, and show its form again, whatever the source answered.

    For a source about the person, the way leads over the identity provider, where they agree to it.

    Raises:
        NotFound: the procedure has no such source.
        Invalid: the field that it is asked by is empty.
    """
    try:
        await prefill(parts_of(request), person.account, dossier, source)
    except NeedsThePerson:
        request.session[AGREED] = [str(dossier), source]
        return see_other("/sign-in/business?fill=1")
    return see_other(f"/dossiers/{dossier}/edit#sources")


async def agreed(parts: Parts, account: UUID, wanted: list[str], person_token: str) -> str:
    """Where to go after the person agreed: to the form of their draft, filled in; without it, to their dossiers."""
    dossier, source = UUID(wanted[0]), wanted[1]
    with suppress(Conflict, Invalid):  # filed or changed meanwhile: the form says so
        try:
            await prefill(parts, account, dossier, source, person_token=person_token)
        except NotFound:  # signed in as somebody else
            return "/dossiers"
    return f"/dossiers/{dossier}/edit#sources"
