"""Filling in a draft from a source: asked with no connection to the database held, put in without losing a word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from observability import telemetry
from reference_app.database import Connection
from reference_app.dossiers import filing
from reference_app.dossiers.dossier import Dossier
from reference_app.dossiers.draft import SENTENCES, fits
from reference_app.dossiers.states import State, require_in
from reference_app.errors import N_, Conflict, FieldError, Invalid, NotFound
from reference_app.parts import Parts
from reference_app.procedure import PROCEDURES
from reference_app.sources import cache, repository
from reference_app.sources.described import Source
from reference_app.sources.line import SourceAway
from reference_app.sources.said import Outcome, Said, current, filled, said_of

TRIES = 3
"""How often an answer is put in anew when the draft was saved meanwhile, as the author types on."""

NO_SUCH_SOURCE = N_("There is no such source for this procedure.")
NEEDS_THE_PERSON = N_("This source is asked on the pages, where the person agrees to it at the identity provider.")
_CHANGING = N_("This draft is being changed elsewhere. Try again in a moment.")


class NeedsThePerson(Conflict):
    """What a source says of a person takes the access token of that person, who has to agree first."""

    slug, title = "needs-the-person", N_("You have to agree first")


def source_of(dossier: Dossier, name: str) -> Source:
    """The source called ``name`` of its procedure. Raises NotFound."""
    for source in dossier.filing.sources:
        if source.name == name:
            return source
    raise NotFound(NO_SUCH_SOURCE)


async def prefill(parts: Parts, account: UUID, dossier: UUID, name: str, *, person_token: str | None = None) -> Dossier:
    """Fill in what the source ``name`` knows; a source that does not answer changes nothing but that it was asked.

    ``person_token`` is the access token of a person who has just agreed; without one, what is kept of them serves.

    Raises:
        NotFound: ``account`` has no such dossier, or its procedure no such source.
        Conflict: it was filed, or it keeps being changed elsewhere.
        NeedsThePerson: it takes their agreement, and nothing that they agreed to before is kept.
        Invalid: the field that the source is asked by is empty.
    """
    async with parts.pool.connection() as connection:
        draft = await filing.read(connection, account, dossier)
        require_in(draft.state, State.BROUILLON)
        source = source_of(draft, name)
        key = _key(source, draft.answers)
        kept = await cache.read(connection, source.name, key, account, parts.clock())
    if kept is None and source.key is None and person_token is None:
        raise NeedsThePerson(NEEDS_THE_PERSON)
    said = kept if kept is not None else await _ask(parts, source, draft, key, person_token)
    async with parts.pool.connection() as connection:
        if kept is None and said.outcome is not Outcome.AWAY:
            facts = said.facts if said.outcome is Outcome.FOUND else None
            await cache.keep(connection, source.name, key, account, facts, said.at)
        return await _put_in(connection, account, draft, source, said)


def _key(source: Source, answers: Mapping[str, Any]) -> str | None:
    if source.key is None:
        return None
    if source.key not in answers:
        raise Invalid({source.key: FieldError(SENTENCES["missing"])})
    return str(answers[source.key])


async def _ask(parts: Parts, source: Source, draft: Dossier, key: str | None, person_token: str | None) -> Said:
    token = "" if person_token is None else person_token
    try:
        facts = await parts.desk.ask(source.name, PROCEDURES[draft.procedure], key, token)
    except SourceAway:
        said = Said(outcome=Outcome.AWAY, key=key, at=_second(parts.clock()), facts={})
    else:
        said = cache.said(key, facts, _second(parts.clock()))
    telemetry.event("source.asked", source=source.name, outcome=said.outcome)
    return said


async def _put_in(connection: Connection, account: UUID, draft: Dossier, source: Source, said: Said) -> Dossier:
    for _ in range(TRIES):
        if said.outcome is Outcome.AWAY and _known_already(source, draft):
            return draft  # what it said before is worth more than that it says nothing now
        if _key(source, draft.answers) != said.key:
            return draft  # the author went on to another number meanwhile
        before = said_of(draft.known, source.name)
        answers = filled(draft.filing, source, draft.answers, before, said)
        right = {name: value for name, value in answers.items() if fits(draft.procedure, name, value)}
        done = await repository.fill(connection, account, draft, right, source.name, said)
        if done is not None:
            return done
        draft = await filing.read(connection, account, draft.id)
        require_in(draft.state, State.BROUILLON)
    raise Conflict(_CHANGING)


def _known_already(source: Source, draft: Dossier) -> bool:
    said = current(source, draft.answers, draft.known)
    return said is not None and said.outcome is Outcome.FOUND


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
